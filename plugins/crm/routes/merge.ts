import { problems, sendAnswer } from '@orchestrall/sdk';
import type { Routes } from '@orchestrall/sdk';
import { IdParams, callerOf, changeRecords, etagOf } from '@orchestrall/sdk/resources';
import { MergeHeaders, MergeInput, MergeQuery, mergeOutcome } from '../merge/schemas.ts';
import type { MergeResult } from '../merge/service.ts';
import type { Crm } from '../service.ts';

/** Longest run of a merge, milliseconds: up to 10,000 records that referred to the other are changed. */
const timeoutMs = 120_000;

const routes: Routes<Crm> = async (app, { kinds, merge, database }) => {
  for (const { name, kind, operationId } of [
    { name: 'contact', kind: kinds.contacts, operationId: 'mergeContacts' },
    { name: 'company', kind: kinds.companies, operationId: 'mergeCompanies' },
  ] as const) {
    const bodyOf = ({ record, ...rest }: MergeResult) => ({ [name]: record, ...rest });
    app.post(
      `${kind.path}/:id/merge`,
      {
        config: { access: 'operator', idempotent: true, timeoutMs },
        schema: {
          tags: [kind.table],
          operationId,
          summary: `Merge another ${name} into this one`,
          description:
            'With its timeline, activities, associations, deals, lists and whatever refers to it. The id of the other ' +
            `is answered with 410 and this id from then on. A merge cannot be undone. Emits \`${name}.merged\`.`,
          params: IdParams,
          querystring: MergeQuery,
          headers: MergeHeaders,
          body: MergeInput,
          response: {
            200: mergeOutcome(kind),
            ...problems(400, 401, 403, 404, 409, 410, 412, 415, 422, 428, 429, 507),
          },
        },
      },
      async (request, reply) => {
        const { params, body, query, headers } = request;
        const by = callerOf(request);
        const asked = { ...body, id: params.id, if_match: headers['if-match'] };
        if (query.preview === true) {
          return reply.send(bodyOf(await merge.preview(name, asked, by)));
        }
        const answer = await changeRecords(database, async (tx) => {
          const merged = await merge.run(tx, name, asked, by);
          return tx.answer({ status: 200, headers: { etag: etagOf(merged.record) }, body: bodyOf(merged) });
        });
        return sendAnswer(reply, answer);
      },
    );
  }
};
export default routes;
