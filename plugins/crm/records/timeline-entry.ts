import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { KindName } from './kind.ts';

/** Which records have a timeline. */
export type SubjectType = KindName;

/** One field of a record before and after a change. */
export const FieldChange = Type.Object({ from: Type.Unknown(), to: Type.Unknown() });
export type FieldChange = Static<typeof FieldChange>;

/** One entry of a record's timeline: its creation, a change of its fields, or a note. */
export const TimelineEntry = Type.Object(
  {
    id: Id,
    kind: Type.Unsafe<'created' | 'changed' | 'note' | 'stage_changed'>({
      type: 'string',
      enum: ['created', 'changed', 'note', 'stage_changed'],
    }),
    text: Nullable(Type.String({ description: 'The note; null for other kinds.' })),
    changes: Nullable(
      Type.Record(Type.String(), FieldChange, {
        description:
          'Changed fields by name; for `stage_changed` the stages with their names. Null for other kinds.',
      }),
    ),
    actor: Nullable(Type.Object({ id: Type.String(), name: Type.String() }, { description: 'Who did it.' })),
    created_at: Instant,
  },
  { title: 'TimelineEntry' },
);
export type TimelineEntry = Static<typeof TimelineEntry>;
