import Type from 'typebox';
import type { Static } from 'typebox';
import { Id, Instant, Nullable } from '../fields/schemas.ts';

const statuses = ['queued', 'running', 'completed', 'cancelled', 'failed', 'undoing', 'undone'] as const;

/** How far a bulk change is. */
export type BulkStatus = (typeof statuses)[number];

/** What is done to the records. */
export const BulkAction = Type.Unsafe<'update' | 'delete'>({ type: 'string', enum: ['update', 'delete'] });
export type BulkAction = Static<typeof BulkAction>;

const counted = (description: string) => Type.Integer({ minimum: 0, description });

/** A bulk change as it is answered. */
export const BulkChange = Type.Object(
  {
    id: Id,
    action: BulkAction,
    filter: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Which records, with all filters given.',
    }),
    patch: Type.Unsafe<object | null>({ type: ['object', 'null'], description: 'Null for a deletion.' }),
    status: Type.Unsafe<BulkStatus>({ type: 'string', enum: [...statuses] }),
    reason: Nullable(Type.String({ description: 'Why it has failed; null when it has not.' })),
    requested_by: Type.String({ description: 'Name of who asked for it.' }),
    matched: Nullable(counted('Records it is about, fixed when it began; null before.')),
    changed: counted('Records changed or deleted, those put back since among them.'),
    unchanged: counted('Records that were so already.'),
    failed: counted('Records that could not be changed; `items` say why.'),
    undone: counted('Records that an undo has put back.'),
    kept: counted('Records that an undo has left alone; `items` say why.'),
    created_at: Instant,
    finished_at: Nullable(Instant),
    undo_until: Nullable(Instant),
  },
  { title: 'BulkChange' },
);
export type BulkChange = Static<typeof BulkChange>;

/** What became of one record. */
export type BulkOutcome = 'changed' | 'unchanged' | 'failed' | 'undone' | 'kept';

/** A record of a bulk change that could not be changed or put back. */
export const BulkItem = Type.Object(
  {
    record_id: Id,
    outcome: Type.Unsafe<'failed' | 'kept'>({ type: 'string', enum: ['failed', 'kept'] }),
    reason: Nullable(Type.String()),
  },
  { title: 'BulkItem' },
);
export type BulkItem = Static<typeof BulkItem>;

/** What a bulk change would do to one record. */
export const PreviewItem = Type.Object({
  id: Id,
  changes: Type.Optional(
    Type.Record(Type.String(), Type.Object({ from: Type.Unknown(), to: Type.Unknown() }), {
      description: 'Fields that would change; none for a record that is so already.',
    }),
  ),
  record: Type.Optional(
    Type.Unsafe<object>({ type: 'object', description: 'The record that would be deleted.' }),
  ),
  refused: Type.Optional(Type.String({ description: 'Why it would not be changed.' })),
});
export type PreviewItem = Static<typeof PreviewItem>;

/** What a bulk change would do. */
export const BulkPreview = Type.Object(
  {
    count: Type.Object({ value: Type.Integer({ minimum: 0 }), estimated: Type.Boolean() }),
    items: Type.Array(PreviewItem, { description: 'The first 20 records, oldest first.' }),
  },
  { title: 'BulkPreview' },
);
export type BulkPreview = Static<typeof BulkPreview>;
