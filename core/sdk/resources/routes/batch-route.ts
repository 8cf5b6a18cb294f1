import Type from 'typebox';
import { sendAnswer } from '../../answer.ts';
import { problems } from '../../problem.ts';
import { Batch, runBatch } from '../changes/batch.ts';
import { changeRecords } from '../changes/change-records.ts';
import { Id } from '../fields/schemas.ts';
import { accessOf, operationId } from './operation.ts';
import { minimalApplied, prefersMinimal } from './prefer.ts';
import { callerOf } from './read-routes.ts';
import type { ResourceRoutesOptions } from './resource.ts';
import { ChangeHeaders, answerOf } from './schemas.ts';

/** Longest run of a batch, milliseconds: a thousand records with all that belongs to them. */
const batchTimeoutMs = 120_000;

/** Largest body of a batch, bytes. */
const batchBodyLimit = 8_388_608;

/** `POST .../batch`: up to 1,000 changes, with a result for each. */
export function batchRoute({ app, resource, service, database }: ResourceRoutesOptions): void {
  const { path, plural, record, requireMatch = false } = resource;
  const result = Type.Object({
    index: Type.Integer({ minimum: 0, description: 'Place of the item in the batch.' }),
    status: Type.Integer({ description: 'The status that a request of its own would have.' }),
    id: Type.Optional(Id),
    etag: Type.Optional(Type.String()),
    body: Type.Optional(answerOf(record)),
    problem: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Why it was refused, as problem details.' }),
    ),
  });
  app.post(
    `${path}/batch`,
    {
      bodyLimit: batchBodyLimit,
      config: { access: accessOf(resource).write, timeoutMs: batchTimeoutMs, idempotent: true },
      schema: {
        tags: [plural],
        operationId: operationId('batch', plural),
        summary: `Change up to 1,000 ${plural.replaceAll('_', ' ')} at once`,
        description:
          'Items are changed one after another in one transaction; what is refused stands in its result and leaves ' +
          'the others alone, unless `atomic` is asked for.',
        headers: ChangeHeaders,
        body: Batch,
        response: {
          200: Type.Object({
            results: Type.Array(result),
            succeeded: Type.Integer({ minimum: 0 }),
            failed: Type.Integer({ minimum: 0 }),
          }),
          ...problems(400, 401, 403, 409, 413, 415, 422, 429, 507),
        },
      },
    },
    async (request, reply) => {
      const minimal = prefersMinimal(request.headers);
      const options = { by: callerOf(request), requireMatch, minimal };
      const answer = await changeRecords(database, async (tx, last) => {
        const results = await runBatch(tx, service, request.body, { ...options, last });
        const failed = results.filter(({ problem }) => problem !== undefined).length;
        const body = { results, succeeded: results.length - failed, failed };
        return tx.answer({ status: 200, ...(minimal ? { headers: minimalApplied } : {}), body });
      });
      return sendAnswer(reply, answer);
    },
  );
}
