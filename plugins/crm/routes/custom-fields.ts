import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  IdParams,
  Nothing,
  callerOf,
  etagOf,
  requireVersion,
  resourceRoutes,
  versionHeaders,
} from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { customFieldInputSchema, customFieldSchema } from '../custom-fields/schemas.ts';
import type { TableName } from '../records/kind.ts';
import type { Crm } from '../service.ts';

const path = '/api/v1/crm/custom-fields';
const tags = ['custom_fields'];
/** A change waits for tables that are in use, makes indexes and then a new generation of the plugin. */
const config = { access: 'admin', timeoutMs: 600_000, idempotent: true } as const;
const served = 'The answer comes once records have it here; other replicas follow within a second.';

const routes: Routes<Crm> = async (
  app,
  { kinds, customFields: service, customFieldChanges: changes, database },
) => {
  const objects: TableName[] = Object.values(kinds).map(({ table }) => table);
  const record = customFieldSchema(objects);
  const input = customFieldInputSchema(objects);
  resourceRoutes({
    app,
    resource: {
      name: 'custom_field',
      plural: 'custom_fields',
      path,
      record,
      input,
      except: ['create', 'update', 'delete', 'batch'],
      notes: { list: 'Oldest first, removed ones included; `{"removed_at":null}` leaves those out.' },
    },
    service,
    database,
  });

  app.post(
    path,
    {
      config,
      schema: {
        tags,
        operationId: 'createCustomField',
        summary: 'Add a field to a kind of record',
        description: `One that was removed comes back with its data. ${served} Emits \`custom_field.created\`.`,
        body: input,
        response: { 201: record, ...problems(400, 401, 403, 409, 415, 422, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const body = await changes.create(request.body, callerOf(request));
      const headers = { etag: etagOf(body), location: `${path}/${body.id}` };
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 201, headers, body })));
    },
  );

  app.patch(
    `${path}/:id`,
    {
      config,
      schema: {
        tags,
        operationId: 'updateCustomField',
        summary: 'Change what is said of a custom field',
        description: `A JSON merge patch (RFC 7396). Records that are there stay as they are. ${served} Emits \`custom_field.updated\`.`,
        consumes: ['application/merge-patch+json', 'application/json'],
        params: IdParams,
        headers: versionHeaders(true),
        body: Type.Partial(input, { title: 'CustomFieldPatch', additionalProperties: false }),
        response: { 200: record, ...problems(400, 401, 403, 404, 409, 412, 415, 422, 428, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      requireVersion(ifMatch);
      const body = await changes.update(request.params.id, request.body, callerOf(request), ifMatch);
      const headers = { etag: etagOf(body) };
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 200, headers, body })));
    },
  );

  app.delete(
    `${path}/:id`,
    {
      config,
      schema: {
        tags,
        operationId: 'removeCustomField',
        summary: 'Remove a custom field from its kind of record',
        description:
          'Its data are kept, and come back when it is declared again, until it is purged. Emits `custom_field.removed`.',
        params: IdParams,
        headers: versionHeaders(true),
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 409, 412, 422, 428, 429, 503) },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      requireVersion(ifMatch);
      await changes.remove(request.params.id, callerOf(request), ifMatch);
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 204 })));
    },
  );

  app.post(
    `${path}/:id/purge`,
    {
      config,
      schema: {
        tags,
        operationId: 'purgeCustomField',
        summary: 'Delete a removed custom field with its data for good',
        description: 'Waits until it was removed five seconds ago. Emits `custom_field.purged`.',
        params: IdParams,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 409, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      await changes.purge(request.params.id);
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 204 })));
    },
  );
};
export default routes;
