import Type from 'typebox';
import type { Caller, HttpRequest } from '../../http.ts';
import { problems } from '../../problem.ts';
import { etagOf, isUnchanged } from '../changes/version.ts';
import { listParameters, shapeParameters } from '../query/list-request.ts';
import type { ListRequest } from '../query/list-request.ts';
import { readIncluded } from '../relations/included.ts';
import type { RecordPage } from '../service.ts';
import { accessOf, goneOf, operationId, withArticle } from './operation.ts';
import type { Resource, ResourceRoutesOptions } from './resource.ts';
import { IdParams, Nothing, PageOf, ReadHeaders, answerOf } from './schemas.ts';

/** `GET` of the collection. */
export function listRoute(options: ResourceRoutesOptions): void {
  const { app, resource } = options;
  const { path, plural, filters = {}, notes } = resource;
  app.get(
    path,
    {
      config: { access: accessOf(resource).read },
      schema: {
        tags: [plural],
        operationId: operationId('list', plural),
        summary: `List ${plural.replaceAll('_', ' ')}`,
        ...(notes?.list === undefined ? {} : { description: notes.list }),
        querystring: Type.Object({ ...listParameters, ...filters }),
        response: { 200: pageOf(resource), ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => list(options, request.query, callerOf(request), '/querystring'),
  );
}

/** `POST .../query`: as the list, for filters that no address has room for. */
export function queryRoute(options: ResourceRoutesOptions): void {
  const { app, resource } = options;
  const { path, plural, filters = {} } = resource;
  const filter = Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'The filter itself, as an object.' }),
  );
  app.post(
    `${path}/query`,
    {
      config: { access: accessOf(resource).read },
      schema: {
        tags: [plural],
        operationId: operationId('query', plural),
        summary: `List ${plural.replaceAll('_', ' ')} by a filter of any length`,
        body: Type.Object({ ...listParameters, ...filters, filter }, { additionalProperties: false }),
        response: { 200: pageOf(resource), ...problems(400, 401, 403, 415, 429) },
      },
    },
    async (request) => list(options, request.body, callerOf(request), ''),
  );
}

/** `GET` of one record. */
export function getRoute({ app, resource, service }: ResourceRoutesOptions): void {
  const { path, plural, name, record, relations } = resource;
  app.get(
    `${path}/:id`,
    {
      config: { access: accessOf(resource).read },
      schema: {
        tags: [plural],
        operationId: operationId('get', name),
        summary: `Read ${withArticle(name)}`,
        description: 'Its ETag is its version; give it back in `If-Match` to change only what was read.',
        params: IdParams,
        querystring: Type.Object(shapeParameters),
        headers: ReadHeaders,
        response: {
          200: Type.Unsafe<object>(answerOf(record, relations)),
          304: Nothing,
          ...problems(400, 401, 403, 404, ...goneOf(resource), 429),
        },
      },
    },
    async (request, reply) => {
      const by = callerOf(request);
      const included = readIncluded(request.query, resource, '/querystring');
      const found = await service.get(request.params.id, by, included?.request ?? request.query);
      reply.header('etag', etagOf(found));
      // A record's version says nothing of the records inside it.
      if (included !== undefined) return reply.send((await included.answer([found], by))[0] ?? found);
      if (isUnchanged(found, request.headers['if-none-match'])) return reply.code(304).send(undefined);
      return reply.send(found);
    },
  );
}

/** Who makes a request; these routes have no access rule that lets a stranger in. */
export function callerOf({ caller }: Pick<HttpRequest, 'caller'>): Caller {
  if (caller === undefined) throw new TypeError('the route of a resource needs an access rule');
  return caller;
}

async function list(
  { resource, service }: ResourceRoutesOptions,
  given: ListRequest,
  by: Caller,
  at: string,
): Promise<RecordPage> {
  const request = listRequestOf(given, resource.filters ?? {});
  const included = readIncluded(request, resource, at);
  if (included === undefined) return service.list(request, by, at);
  const page = await service.list(included.request, by, at);
  return { ...page, items: await included.answer(page.items, by) };
}

function pageOf({ record, relations }: Resource) {
  return Type.Unsafe<RecordPage>(PageOf(answerOf(record, relations)));
}

/** Parts the conventions' own parameters from the resource's filters. */
function listRequestOf(given: ListRequest, filters: object): ListRequest {
  const own = Object.entries(given).filter(([name]) => Object.hasOwn(filters, name));
  return own.length === 0 ? given : { ...given, filters: Object.fromEntries(own) };
}
