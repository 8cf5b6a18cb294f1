import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { DeadLetterFilter, DeadLetters, Within } from '../../bus/history/dead-letters.ts';
import { principalsOf } from '../pipeline/caller-principals.ts';
import { instant, pageOf, pageQuery } from './schemas.ts';

const DeadLetterItem = Type.Object({
  id: Type.Integer(),
  plugin: Type.String(),
  subscription: Type.String(),
  position: Type.Integer(),
  event_id: Type.String(),
  type: Type.String(),
  subject: Type.Union([Type.String(), Type.Null()]),
  source: Type.String(),
  time: instant,
  data: Type.Unknown(),
  correlation_id: Type.Union([Type.String(), Type.Null()]),
  attempts: Type.Integer(),
  reason: Type.String(),
  error: Type.String(),
  dead_at: instant,
});

const filter = {
  plugin: Type.Optional(Type.String({ maxLength: 100 })),
  subscription: Type.Optional(Type.String({ maxLength: 200 })),
  type: Type.Optional(Type.String({ maxLength: 200 })),
};

/** Either the ids, or what all of them have in common; an empty choice is refused, since it would mean all. */
const Choice = Type.Union([
  Type.Object({
    ids: Type.Array(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), {
      minItems: 1,
      maxItems: 1_000,
    }),
  }),
  Type.Object(filter, { minProperties: 1 }),
]);

/** `/api/v1/system/events/dead-letters`: events that a subscription gave up on. */
export function deadLetterRoutes(app: HttpInstance, deadLetters: DeadLetters): void {
  const tags = ['events'];
  const path = '/api/v1/system/events/dead-letters';
  app.get(
    path,
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'listDeadLetters',
        summary: 'Lists dead letters of events that the caller may see, newest first',
        tags,
        querystring: Type.Object({ ...filter, ...pageQuery }),
        response: { 200: pageOf(DeadLetterItem) },
      },
    },
    async (request) => {
      const { limit, cursor, ...which } = request.query;
      return deadLetters.list(
        which,
        cursor === undefined ? { limit } : { limit, cursor },
        principalsOf(request.caller),
      );
    },
  );

  app.get(
    `${path}/:id`,
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'getDeadLetter',
        summary: 'Shows a dead letter',
        tags,
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
        response: { 200: DeadLetterItem },
      },
    },
    async (request) => deadLetters.get(request.params.id, principalsOf(request.caller)),
  );

  for (const act of ['replay', 'discard'] as const) {
    app.post(
      `${path}/${act}`,
      {
        config: { access: 'admin', timeoutMs: 120_000 },
        schema: {
          operationId: `${act}DeadLetters`,
          summary: act === 'replay' ? 'Delivers dead letters once more' : 'Removes dead letters for good',
          tags,
          body: Choice,
          response: { 200: Type.Object({ count: Type.Integer() }) },
        },
      },
      async (request) => {
        const choice = request.body;
        const within: Within = (tx, count) =>
          tx.audit({
            action: act === 'replay' ? 'dead_letters.replayed' : 'dead_letters.discarded',
            subjectType: 'dead_letters',
            subjectId: 'ids' in choice ? choice.ids.join(',').slice(0, 200) : 'filter',
            after: { ...choice, count },
          });
        return { count: await deadLetters[act](whichOf(choice), within) };
      },
    );
  }
}

function whichOf(choice: Static<typeof Choice>): readonly number[] | DeadLetterFilter {
  return 'ids' in choice ? choice.ids : choice;
}
