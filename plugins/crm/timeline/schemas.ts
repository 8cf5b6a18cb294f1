import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Activity } from '../activities/schemas.ts';
import { FieldChange } from '../records/field-change.ts';

const nullableText = (description: string) => Nullable(Type.String({ description }));

/** One entry of a record's timeline. */
export const TimelineEntry = Type.Object(
  {
    id: Id,
    kind: Type.String({
      description:
        '`created`, `changed` and `merged` are the record’s own, `activity` is one about it; others are named by who made them.',
    }),
    title: nullableText('What a plugin calls it; null for other kinds.'),
    text: nullableText('What a plugin says of it; null for other kinds.'),
    link: nullableText('Where a plugin shows more of it; null for other kinds.'),
    source: nullableText('The plugin that made it; null for other kinds.'),
    changes: Nullable(
      Type.Record(Type.String(), FieldChange, {
        description: 'Changed fields by name; null for other kinds.',
      }),
    ),
    activity: Nullable(Type.Object(Type.Partial(Activity).properties)),
    actor: Nullable(Type.Object({ id: Type.String(), name: Type.String() }, { description: 'Who did it.' })),
    occurred_at: Instant,
  },
  { title: 'TimelineEntry' },
);
export type TimelineEntry = Static<typeof TimelineEntry>;
