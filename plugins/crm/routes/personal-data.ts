import { Readable } from 'node:stream';
import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { IdParams, PageOf, callerOf, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { FoundPeople, PersonQuery, PersonalDataExport } from '../personal-data/copies/schemas.ts';
import { EraseInput, Erasure, ErasurePreview } from '../personal-data/erasure/schemas.ts';
import { RetentionReport } from '../personal-data/retention/schemas.ts';
import { streamTimeoutMs } from '../route-parts.ts';
import type { Crm } from '../service.ts';

const tags = ['personal_data'];
const config = { access: 'admin' } as const;
/** A preview counts in all tables and in the history. */
const slow = { access: 'admin', timeoutMs: 600_000, idempotent: true } as const;
const refusals = [400, 401, 403, 404, 429] as const;

const routes: Routes<Crm> = async (app, { personalData: { exports, erasures, retention } }) => {
  app.get(
    '/api/v1/crm/personal-data',
    {
      config,
      schema: {
        tags,
        operationId: 'findPeople',
        summary: 'Find contacts by e-mail or phone, whoever may see them',
        description: 'Up to 100, with the contacts that were merged into them.',
        querystring: PersonQuery,
        response: { 200: FoundPeople, ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query }) => exports.find(query),
  );

  app.post(
    '/api/v1/crm/contacts/:id/personal-data-export',
    {
      config: { access: 'admin', idempotent: true },
      schema: {
        tags,
        operationId: 'exportPersonalData',
        summary: 'Export all that is held about a person',
        description:
          'A job puts one JSON document together: records, activities, deals, lists, imports, history, whoever may see ' +
          'them. It is deleted after `personal_data_export_hours`.',
        params: IdParams,
        response: { 202: PersonalDataExport, ...problems(...refusals, 507) },
      },
    },
    async (request, reply) => sendAnswer(reply, await exports.begin(request.params.id, callerOf(request))),
  );

  app.get(
    '/api/v1/crm/personal-data-exports/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getPersonalDataExport',
        summary: 'Read how far an export of personal data is',
        params: IdParams,
        response: { 200: PersonalDataExport, ...problems(...refusals) },
      },
    },
    async ({ params }) => exports.get(params.id),
  );

  app.get(
    '/api/v1/crm/personal-data-exports/:id/document',
    {
      config: { access: 'admin', timeoutMs: streamTimeoutMs },
      schema: {
        tags,
        operationId: 'readPersonalDataExport',
        summary: 'Download an export of personal data',
        description: 'Who reads it stands in the audit.',
        params: IdParams,
        response: {
          200: {
            description: 'The document, streamed.',
            content: { 'application/json': { schema: Type.Unsafe<Readable>({ type: 'object' }) } },
          },
          ...problems(...refusals, 409),
        },
      },
    },
    async (request, reply) => {
      const document = await exports.read(request.params.id);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': 'attachment; filename="personal-data.json"',
      };
      return reply.headers(headers).send(Readable.from(document));
    },
  );

  app.post(
    '/api/v1/crm/contacts/:id/erase',
    {
      config: slow,
      schema: {
        tags,
        operationId: 'eraseContact',
        summary: 'Erase a person, or count what that would reach',
        description:
          'Reaches the contact and those merged into it, activities, texts of other records, lists, imports, earlier ' +
          'exports, events, dead letters and audit entries, as a job. It cannot be undone. Emits `contact.erased`.',
        params: IdParams,
        body: EraseInput,
        response: { 200: ErasurePreview, 202: Erasure, ...problems(...refusals, 415, 422, 507) },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      if (body.preview === true) return reply.send(await erasures.preview(params.id, body.confirm));
      return sendAnswer(reply, await erasures.begin(params.id, body.confirm, callerOf(request)));
    },
  );

  app.get(
    '/api/v1/crm/erasures',
    {
      config,
      schema: {
        tags,
        operationId: 'listErasures',
        summary: 'List erasures and their reports',
        description: 'Newest first; they hold no personal data and are kept.',
        querystring: Type.Object(pageParameters),
        response: { 200: PageOf(Erasure), ...problems(400, 401, 403, 429) },
      },
    },
    async ({ query }) => erasures.list(query),
  );

  app.get(
    '/api/v1/crm/erasures/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getErasure',
        summary: 'Read how far an erasure is, and its report',
        params: IdParams,
        response: { 200: Erasure, ...problems(...refusals) },
      },
    },
    async ({ params }) => erasures.get(params.id),
  );

  app.post(
    '/api/v1/crm/erasures/:id/retry',
    {
      config: { access: 'admin', idempotent: true },
      schema: {
        tags,
        operationId: 'retryErasure',
        summary: 'Go on with an erasure that failed',
        params: IdParams,
        response: { 202: Erasure, ...problems(...refusals, 409) },
      },
    },
    async (request, reply) => sendAnswer(reply, await erasures.retry(request.params.id)),
  );

  app.get(
    '/api/v1/crm/retention',
    {
      config: { access: 'admin', timeoutMs: 600_000 },
      schema: {
        tags,
        operationId: 'getRetention',
        summary: 'Try the rules of retention out, and see what they did',
        description: 'Changes nothing: `due` is what tonight would take, up to `per_night`.',
        response: { 200: RetentionReport, ...problems(401, 403, 429) },
      },
    },
    async () => retention.report(),
  );
};
export default routes;
