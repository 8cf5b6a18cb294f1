import { Id, answerOf, versionHeaders } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { RecordKind } from '../records/kind.ts';

/** What a merge is asked for with. */
export const MergeInput = Type.Object(
  {
    other_id: Type.String({
      ...Id,
      description: 'The record that is merged into this one and is gone then.',
    }),
    other_if_match: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'ETag of the other record; needed unless `preview` is asked for.',
      }),
    ),
    prefer: Type.Optional(
      Type.Record(Type.String(), Type.Unsafe<'kept' | 'other'>({ type: 'string', enum: ['kept', 'other'] }), {
        description:
          'By field: whose value it is to have. Default the kept record’s, the other’s where it has none, and the tags of both.',
      }),
    ),
  },
  { title: 'MergeInput', additionalProperties: false },
);

/** Query of a merge. */
export const MergeQuery = Type.Object({
  preview: Type.Optional(Type.Boolean({ description: 'Answer what it would give, and change nothing.' })),
});

/** Headers of a merge. */
export const MergeHeaders = versionHeaders(true);

const count = Type.Integer({ minimum: 0 });
const outcome = {
  merged_id: Type.String({
    ...Id,
    description: 'The record that is gone; its id leads to the one that is left.',
  }),
  choices: Type.Array(
    Type.Object({
      field: Type.String(),
      kept: Type.Unknown(),
      other: Type.Unknown(),
      from: Type.Unsafe<'kept' | 'other' | 'both'>({ type: 'string', enum: ['kept', 'other', 'both'] }),
    }),
    { description: 'The fields in which the two differed, and whose value was taken.' },
  ),
  moved: Type.Object(
    {
      associations: count,
      lists: count,
      activities: count,
      timeline_entries: count,
      references: count,
    },
    {
      description: 'How much of the other record is the kept one’s now; `references`: records that named it.',
    },
  ),
};

/** What came of a merge of two records of a kind; what is left stands under the name of the kind. */
export function mergeOutcome({ name, record }: Pick<RecordKind, 'name' | 'record'>) {
  return Type.Unsafe<object>(
    Type.Object(
      { [name]: answerOf(record), ...outcome },
      { title: `${String(Reflect.get(record, 'title'))}Merge` },
    ),
  );
}
