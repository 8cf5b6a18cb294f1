import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import {
  Id,
  IdParams,
  PageOf,
  callerOf,
  changeRecords,
  etagOf,
  versionHeaders,
} from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { Duplicate, DuplicateQuery, sidedDuplicate } from '../duplicates/schemas.ts';
import type { Crm } from '../service.ts';

const tags = ['duplicates'];
const decisions = {
  dismiss: { status: 'dismissed', summary: 'Say that two records are not one' },
  reopen: { status: 'open', summary: 'Say that two dismissed records may be one after all' },
} as const;

const SweepQuery = Type.Object({
  all: Type.Optional(
    Type.Boolean({ description: 'Look at every record anew; default at those written since the last time.' }),
  ),
});

const routes: Routes<Crm> = async (app, { duplicates, kinds, database }) => {
  app.get(
    '/api/v1/crm/duplicates',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        operationId: 'listDuplicates',
        summary: 'List pairs of records that may be one',
        description:
          'Pairs of which the caller sees both records, the best first. `filter` takes `kind`, `score` and `created_at`.',
        querystring: DuplicateQuery,
        response: { 200: PageOf(Duplicate), ...problems(400, 401, 403, 429) },
      },
    },
    async (request) => duplicates.list(request.query, callerOf(request)),
  );

  for (const { name, kind, operation } of [
    { name: 'contact', kind: kinds.contacts, operation: 'listDuplicatesOfContact' },
    { name: 'company', kind: kinds.companies, operation: 'listDuplicatesOfCompany' },
  ] as const) {
    app.get(
      `${kind.path}/:id/duplicates`,
      {
        config: { access: 'viewer' },
        schema: {
          tags,
          operationId: operation,
          summary: `List the ${kind.table} that a ${name} may be`,
          params: IdParams,
          querystring: DuplicateQuery,
          response: {
            200: Type.Unsafe<object>(PageOf(sidedDuplicate(kind))),
            ...problems(400, 401, 403, 404, 410, 429),
          },
        },
      },
      async (request) => {
        const by = callerOf(request);
        const { items, ...page } = await duplicates.ofRecord(name, request.params.id, request.query, by);
        return { ...page, items: items.map(({ other, ...pair }) => ({ ...pair, [name]: other })) };
      },
    );
  }

  for (const [name, { status, summary }] of Object.entries(decisions)) {
    app.post(
      `/api/v1/crm/duplicates/:id/${name}`,
      {
        config: { access: 'operator', idempotent: true },
        schema: {
          tags,
          operationId: `${name}Duplicate`,
          summary,
          params: IdParams,
          headers: versionHeaders(false),
          response: { 200: Duplicate, ...problems(401, 403, 404, 409, 412, 422, 429) },
        },
      },
      async (request, reply) => {
        const by = callerOf(request);
        const ifMatch = request.headers['if-match'];
        const answer = await changeRecords(database, async (tx) => {
          const body = await duplicates.decide(tx, request.params.id, status, by, ifMatch);
          return tx.answer({ status: 200, headers: { etag: etagOf(body) }, body });
        });
        return sendAnswer(reply, answer);
      },
    );
  }

  app.post(
    '/api/v1/crm/duplicates/sweep',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        operationId: 'sweepDuplicates',
        summary: 'Look for duplicates now',
        description:
          'As a job, which is not started twice. Records that were written are looked at every minute by themselves.',
        querystring: SweepQuery,
        response: { 202: Type.Object({ job_id: Id }), ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) =>
      reply.code(202).send({ job_id: await duplicates.sweep(request.query.all ?? false) }),
  );
};
export default routes;
