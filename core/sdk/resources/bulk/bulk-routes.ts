import Type from 'typebox';
import { sendAnswer } from '../../answer.ts';
import { validationFailed } from '../../errors.ts';
import { problems } from '../../problem.ts';
import { Id } from '../fields/schemas.ts';
import { pageParameters } from '../query/list-request.ts';
import { patchOf } from '../routes/change-routes.ts';
import { accessOf, operationId } from '../routes/operation.ts';
import { callerOf } from '../routes/read-routes.ts';
import { IdParams, PageOf } from '../routes/schemas.ts';
import { createBulkChanges } from './bulk-changes.ts';
import type { BulkOptions } from './ports.ts';
import { previewBulk } from './preview.ts';
import { BulkAction, BulkChange, BulkItem, BulkPreview } from './schemas.ts';

/** Declares the routes of bulk changes: begin one or preview it, look at them, cancel, undo. */
export function bulkRoutes(options: BulkOptions): void {
  beginRoute(options);
  lookRoutes(options);
  endRoutes(options);
}

function beginRoute(options: BulkOptions): void {
  const { http, resource, service, database } = options;
  const { path, plural, filters = {} } = resource;
  const changes = createBulkChanges(options);
  const body = Type.Object(
    {
      ...filters,
      action: BulkAction,
      filter: Type.Record(Type.String(), Type.Unknown(), {
        description: 'Which records, as lists are filtered; `{}` for all of them.',
      }),
      patch: Type.Optional(patchOf(resource)),
      preview: Type.Optional(
        Type.Boolean({ description: 'Show what would be changed and change nothing; default false.' }),
      ),
    },
    { additionalProperties: false },
  );
  http.instance.post(
    `${path}/bulk`,
    {
      config: { access: accessOf(resource).write, idempotent: true },
      schema: {
        tags: [plural],
        operationId: operationId('bulk change', plural),
        summary: `Change or delete all ${spoken(plural)} of a filter`,
        description:
          'Its records are fixed when it begins; it runs as a job with the rights of who asked, and can be undone for ' +
          'some time. Records that cannot be changed are listed with the reason.',
        body,
        response: {
          200: BulkPreview,
          202: BulkChange,
          ...problems(400, 401, 403, 409, 415, 422, 429, 507),
        },
      },
    },
    async (request, reply) => {
      const { action, filter, patch = null, preview = false, ...own } = request.body;
      if (action === 'update' && (patch === null || Object.keys(patch).length === 0)) {
        throw validationFailed([{ path: '/patch', message: 'must name at least one field to update' }]);
      }
      if (action === 'delete' && patch !== null) {
        throw validationFailed([{ path: '/patch', message: 'must be left out to delete' }]);
      }
      const by = callerOf(request);
      const asked = Object.keys(own).length === 0 ? { filter } : { filter, filters: own };
      if (preview) return reply.send(await previewBulk(database, service, asked, { action, patch }, by));
      return sendAnswer(reply, await changes.begin(asked, { action, patch }, by));
    },
  );
}

function lookRoutes(options: BulkOptions): void {
  const { http, resource } = options;
  const { path, plural } = resource;
  const changes = createBulkChanges(options);
  const config = { access: accessOf(resource).write };
  http.instance.get(
    `${path}/bulk`,
    {
      config,
      schema: {
        tags: [plural],
        operationId: operationId('list bulk changes of', plural),
        summary: `List bulk changes of ${spoken(plural)}`,
        description: 'One’s own, newest first; administrators see those of everybody.',
        querystring: Type.Object(pageParameters, { additionalProperties: false }),
        response: { 200: PageOf(BulkChange), ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => changes.list(request.query, callerOf(request)),
  );
  http.instance.get(
    `${path}/bulk/:id`,
    {
      config,
      schema: {
        tags: [plural],
        operationId: operationId('get bulk change of', plural),
        summary: `Read how far a bulk change of ${spoken(plural)} is`,
        params: IdParams,
        response: { 200: BulkChange, ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => changes.get(request.params.id, callerOf(request)),
  );
  http.instance.get(
    `${path}/bulk/:id/items`,
    {
      config,
      schema: {
        tags: [plural],
        operationId: operationId('list bulk items of', plural),
        summary: `List the ${spoken(plural)} that a bulk change could not change or put back`,
        params: Type.Object({ id: Id }),
        querystring: Type.Object(pageParameters, { additionalProperties: false }),
        response: { 200: PageOf(BulkItem), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request) => changes.items(request.params.id, request.query, callerOf(request)),
  );
}

function endRoutes(options: BulkOptions): void {
  const { http, resource } = options;
  const { path, plural } = resource;
  const changes = createBulkChanges(options);
  const config = { access: accessOf(resource).write, idempotent: true };
  http.instance.post(
    `${path}/bulk/:id/cancel`,
    {
      config,
      schema: {
        tags: [plural],
        operationId: operationId('cancel bulk change of', plural),
        summary: `Stop a bulk change of ${spoken(plural)}, or its undo`,
        description: 'What it has changed stays changed until it is undone.',
        params: IdParams,
        response: { 200: BulkChange, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => sendAnswer(reply, await changes.cancel(request.params.id, callerOf(request))),
  );
  http.instance.post(
    `${path}/bulk/:id/undo`,
    {
      config,
      schema: {
        tags: [plural],
        operationId: operationId('undo bulk change of', plural),
        summary: `Put back what a bulk change of ${spoken(plural)} has changed`,
        description:
          'As a job, with the rights of who asks now. Records changed since are left alone and listed.',
        params: IdParams,
        response: { 202: BulkChange, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => sendAnswer(reply, await changes.undo(request.params.id, callerOf(request))),
  );
}

function spoken(plural: string): string {
  return plural.replaceAll('_', ' ');
}
