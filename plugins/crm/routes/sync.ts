import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  IdParams,
  Nothing,
  callerOf,
  changeRecords,
  etagOf,
  requireVersion,
  resourceRoutes,
  versionHeaders,
} from '@orchestrall/sdk/resources';
import { crmError } from '../errors.ts';
import { createListedService, listedResource } from '../exchange/lists/listed.ts';
import { conflictsTable, deletionsTable, rejectionsTable, runsTable } from '../exchange/lists/tables.ts';
import {
  SyncDecisionInput,
  SyncMapping,
  SyncMappingInput,
  SyncPreview,
  SyncPreviewInput,
  SyncRetried,
  SyncRetryInput,
  SyncRunInput,
  SyncRunStarted,
  SyncStatus,
} from '../exchange/schemas.ts';
import type { Exchange } from '../exchange/service.ts';
import type { Crm } from '../service.ts';

const path = '/api/v1/crm/sync';
const tags = ['sync'];
/** The outside system is asked while the caller waits. */
const asking = { access: 'admin', timeoutMs: 90_000 } as const;
const changing = { access: 'admin', idempotent: true } as const;

const routes: Routes<Crm> = async (app, { database, exchange: found }) => {
  // Nothing of it is there while the provider is `builtin`, and callers are told so.
  app.addHook('preHandler', async () => void requireExchange(found));
  for (const table of [runsTable, rejectionsTable, conflictsTable, deletionsTable]) {
    const service = createListedService(table, database);
    resourceRoutes({ app, resource: listedResource(table), service, database });
  }

  app.get(
    path,
    {
      config: { access: 'admin' },
      schema: {
        tags,
        operationId: 'getSyncStatus',
        summary: 'How the exchange with the outside system stands',
        description: 'Its last run, how far each object is, and what waits for a decision.',
        response: { 200: SyncStatus, ...problems(401, 403, 409, 429) },
      },
    },
    async () => requireExchange(found).status(),
  );

  app.delete(
    `${path}/connection`,
    {
      config: changing,
      schema: {
        tags,
        operationId: 'disconnectSync',
        summary: 'Forget with whom records were exchanged',
        description:
          'And which record there is which here, what was rejected, conflicts and deletions. Records and the mapping stay; ' +
          'the next run takes everything anew, and finds records again by e-mail, domain and the external id of the mapping only.',
        response: { 204: Nothing, ...problems(401, 403, 409, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      await requireExchange(found).disconnect(callerOf(request));
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 204 })));
    },
  );

  app.get(
    `${path}/mapping`,
    {
      config: { access: 'admin' },
      schema: {
        tags,
        operationId: 'getSyncMapping',
        summary: 'Read what administrators say about the mapping',
        description: 'What they leave out follows the default mapping; the preview shows both.',
        response: { 200: SyncMapping, ...problems(401, 403, 409, 429) },
      },
    },
    async (_request, reply) => {
      const mapping = await requireExchange(found).mapping();
      return reply.header('etag', etagOf(mapping)).send(mapping);
    },
  );

  app.put(
    `${path}/mapping`,
    {
      config: { ...asking, idempotent: true },
      schema: {
        tags,
        operationId: 'putSyncMapping',
        summary: 'Change the mapping',
        description:
          'Compared with what the outside system has before it is kept. A field that is taken from then on makes the next run ' +
          'load its object anew; with `push` changes made here are given back from then on.',
        headers: versionHeaders(true),
        body: SyncMappingInput,
        response: { 200: SyncMapping, ...problems(400, 401, 403, 409, 412, 415, 422, 428, 429, 502, 503) },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      requireVersion(ifMatch);
      const { overrides } = request.body;
      const body = await requireExchange(found).changeMapping(overrides, ifMatch, callerOf(request));
      const headers = { etag: etagOf(body) };
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 200, headers, body })));
    },
  );

  app.post(
    `${path}/mapping/preview`,
    {
      config: asking,
      schema: {
        tags,
        operationId: 'previewSyncMapping',
        summary: 'Show what would go where',
        description:
          'Every field of every object that is taken, what of it would be lost, and records that changed last before and after. ' +
          'Without `overrides` the mapping that is kept. Nothing is written.',
        body: SyncPreviewInput,
        response: { 200: SyncPreview, ...problems(400, 401, 403, 409, 415, 429, 502, 503) },
      },
    },
    async (request) => requireExchange(found).preview(request.body),
  );

  app.post(
    `${path}/runs`,
    {
      config: changing,
      schema: {
        tags,
        operationId: 'startSyncRun',
        summary: 'Start a run now',
        description:
          'Loads what was never loaded, pulls what changed and was deleted, then gives back. One run is open at a time: ' +
          'while there is one it is answered. A run that waits for the outside system goes on when it may.',
        body: SyncRunInput,
        response: { 202: SyncRunStarted, ...problems(400, 401, 403, 409, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const { load = false } = request.body;
      const by = callerOf(request);
      const answer = await changeRecords(database, async (tx) =>
        tx.answer({ status: 202, body: await requireExchange(found).start(tx, load, by) }),
      );
      return sendAnswer(reply, answer);
    },
  );

  app.post(
    `${path}/runs/:id/cancel`,
    {
      config: changing,
      schema: {
        tags,
        operationId: 'cancelSyncRun',
        summary: 'Stop a run',
        description: 'What it has committed stays, and the next one goes on from there.',
        params: IdParams,
        response: { 204: Nothing, ...problems(400, 401, 403, 404, 409, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      await requireExchange(found).cancel(request.params.id, callerOf(request));
      return sendAnswer(reply, await database.transaction((tx) => tx.answer({ status: 204 })));
    },
  );

  app.post(
    `${path}/rejections/retry`,
    {
      config: changing,
      schema: {
        tags,
        operationId: 'retrySyncRejections',
        summary: 'Try again what was rejected',
        description: 'In a run that is started with it. Without `ids` all of them.',
        body: SyncRetryInput,
        response: { 202: SyncRetried, ...problems(400, 401, 403, 404, 409, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const by = callerOf(request);
      const answer = await changeRecords(database, async (tx) =>
        tx.answer({ status: 202, body: await requireExchange(found).retry(tx, request.body.ids, by) }),
      );
      return sendAnswer(reply, answer);
    },
  );

  app.post(
    `${path}/conflicts/:id/decide`,
    {
      config: changing,
      schema: {
        tags,
        operationId: 'decideSyncConflict',
        summary: 'Decide whose side counts',
        description:
          'In a run that is started with it. The decision holds for the values that are told: another change lets the conflict wait again.',
        params: IdParams,
        body: SyncDecisionInput,
        response: { 202: SyncRunStarted, ...problems(400, 401, 403, 404, 409, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const by = callerOf(request);
      const { params, body } = request;
      const answer = await changeRecords(database, async (tx) =>
        tx.answer({ status: 202, body: await requireExchange(found).decide(tx, params.id, body.side, by) }),
      );
      return sendAnswer(reply, answer);
    },
  );
};
export default routes;

function requireExchange(exchange: Exchange | undefined): Exchange {
  if (exchange === undefined) throw crmError('SYNC_NOT_CONFIGURED');
  return exchange;
}
