import { Id, Instant, Nullable, answerOf, listParameters, pageParameters } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { RecordKind } from '../records/kind.ts';

const kinds = Type.Unsafe<'contact' | 'company'>({ type: 'string', enum: ['contact', 'company'] });
const statuses = Type.Unsafe<'open' | 'dismissed' | 'merged'>({
  type: 'string',
  enum: ['open', 'dismissed', 'merged'],
});

const compared = {
  score: Type.Integer({ minimum: 0, maximum: 100, description: 'The sum of the weights, within 0 to 100.' }),
  reasons: Type.Array(
    Type.Object({
      reason: Type.String({ description: 'Such as `same_phone`.' }),
      weight: Type.Integer({ description: 'Points for it; below zero, against it.' }),
    }),
    { description: 'Those that the caller may be told.' },
  ),
  status: statuses,
  created_at: Instant,
  updated_at: Instant,
  version: Type.Integer({ minimum: 1 }),
};

/** Two records that may be one. */
export const Duplicate = Type.Object(
  {
    id: Id,
    kind: kinds,
    record_ids: Type.Array(Id, { minItems: 2, maxItems: 2, description: 'The lower id first.' }),
    ...compared,
    merged_into: Nullable(Type.String({ ...Id, description: 'Which of the two is left after a merge.' })),
  },
  { title: 'Duplicate' },
);
export type Duplicate = Static<typeof Duplicate>;

/** A record of a kind that another one may be, under the name of the kind. */
export function sidedDuplicate({ name, record }: Pick<RecordKind, 'name' | 'record'>) {
  return Type.Object(
    { id: Id, [name]: Type.Unsafe<object>(answerOf(record)), ...compared },
    { title: `${String(Reflect.get(record, 'title'))}Duplicate` },
  );
}

const { filter, sort, count } = listParameters;

/** Query of lists of duplicates. */
export const DuplicateQuery = Type.Object({
  status: Type.Optional(
    Type.Unsafe<'open' | 'dismissed' | 'merged' | 'any'>({
      type: 'string',
      enum: ['open', 'dismissed', 'merged', 'any'],
      description: 'Default `open`: those that wait for a decision.',
    }),
  ),
  filter,
  sort,
  count,
  ...pageParameters,
});
export type DuplicateQuery = Static<typeof DuplicateQuery>;
