import Type from 'typebox';
import { sendAnswer } from '../../answer.ts';
import type { Answer } from '../../answer.ts';
import { problems } from '../../problem.ts';
import { changeRecords } from '../changes/change-records.ts';
import { etagOf, requireVersion } from '../changes/version.ts';
import type { ResourceRecord } from '../service.ts';
import { accessOf, goneOf, operationId, withArticle } from './operation.ts';
import { minimalApplied, prefersMinimal } from './prefer.ts';
import { callerOf } from './read-routes.ts';
import type { Resource, ResourceRoutesOptions } from './resource.ts';
import { ChangeHeaders, IdParams, Nothing, answerOf, versionHeaders } from './schemas.ts';

/** `POST` to the collection. */
export function createRoute({ app, resource, service, database }: ResourceRoutesOptions): void {
  const { path, plural, name, record, input, notes } = resource;
  app.post(
    path,
    {
      config: { access: accessOf(resource).write, idempotent: true },
      schema: {
        tags: [plural],
        operationId: operationId('create', name),
        summary: `Create ${withArticle(name)}`,
        ...(notes?.create === undefined ? {} : { description: notes.create }),
        headers: ChangeHeaders,
        body: input,
        response: { 201: answerOf(record), ...problems(400, 401, 403, 409, 415, 422, 429, 507) },
      },
    },
    async (request, reply) => {
      const by = callerOf(request);
      const minimal = prefersMinimal(request.headers);
      const answer = await changeRecords(database, async (tx) => {
        const created = await service.create(tx, request.body, by);
        return tx.answer(changed(created, { status: 201, minimal, location: `${path}/${created.id}` }));
      });
      return sendAnswer(reply, answer);
    },
  );
}

/** `PATCH` of one record. */
export function updateRoute({ app, resource, service, database }: ResourceRoutesOptions): void {
  const { path, plural, name, record, requireMatch = false } = resource;
  app.patch(
    `${path}/:id`,
    {
      config: { access: accessOf(resource).write, idempotent: true },
      schema: {
        tags: [plural],
        operationId: operationId('update', name),
        summary: `Change ${withArticle(name)}`,
        description:
          'A JSON merge patch (RFC 7396): given fields replace, `null` clears, lists are replaced whole.',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: IdParams,
        headers: versionHeaders(requireMatch),
        body: patchOf(resource),
        response: {
          200: answerOf(record),
          204: Nothing,
          ...problems(400, 401, 403, 404, 409, ...goneOf(resource), 412, 415, 422, 428, 429, 507),
        },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const ifMatch = headers['if-match'];
      if (requireMatch) requireVersion(ifMatch);
      const by = callerOf(request);
      const minimal = prefersMinimal(headers);
      const answer = await changeRecords(database, async (tx) => {
        const updated = await service.update(tx, params.id, body, by, ifMatch);
        return tx.answer(changed(updated, { status: 200, minimal }));
      });
      return sendAnswer(reply, answer);
    },
  );
}

/** `DELETE` of one record. */
export function deleteRoute({ app, resource, service, database }: ResourceRoutesOptions): void {
  const { path, plural, name, requireMatch = false, notes } = resource;
  app.delete(
    `${path}/:id`,
    {
      config: { access: accessOf(resource).write, idempotent: true },
      schema: {
        tags: [plural],
        operationId: operationId('delete', name),
        summary: `Delete ${withArticle(name)}`,
        ...(notes?.delete === undefined ? {} : { description: notes.delete }),
        params: IdParams,
        headers: versionHeaders(requireMatch),
        response: {
          204: Nothing,
          ...problems(400, 401, 403, 404, 409, ...goneOf(resource), 412, 422, 428, 429),
        },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      if (requireMatch) requireVersion(ifMatch);
      const by = callerOf(request);
      const answer = await changeRecords(database, async (tx) => {
        await service.remove(tx, request.params.id, by, ifMatch);
        return tx.answer({ status: 204 });
      });
      return sendAnswer(reply, answer);
    },
  );
}

/** What a merge patch of a resource may hold. */
export function patchOf({ patch, input }: Resource) {
  if (patch !== undefined) return patch;
  const title = 'title' in input ? { title: `${String(input.title).replace(/Input$/, '')}Patch` } : {};
  return Type.Partial(input, { ...title, additionalProperties: false });
}

interface Told {
  readonly status: 200 | 201;
  readonly minimal: boolean;
  readonly location?: string;
}

/** The answer that tells of a changed record, or only that it was changed. */
function changed(record: ResourceRecord, { status, minimal, location }: Told): Answer {
  const headers = { etag: etagOf(record), ...(location === undefined ? {} : { location }) };
  if (!minimal) return { status, headers, body: record };
  return { status: status === 200 ? 204 : status, headers: { ...headers, ...minimalApplied } };
}
