import { Id, Instant } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

const Rule = Type.Unsafe<'contacts' | 'activities' | 'timeline'>({
  type: 'string',
  enum: ['contacts', 'activities', 'timeline'],
});

/** What a rule would take if it ran now. */
export const DueRecords = Type.Object({
  rule: Rule,
  action: Type.Unsafe<'erase' | 'delete'>({ type: 'string', enum: ['erase', 'delete'] }),
  before: Type.String({ ...Instant, description: 'What has not moved since then is due.' }),
  due: Type.Integer({ minimum: 0 }),
  per_night: Type.Integer({ minimum: 1 }),
});
export type DueRecords = Static<typeof DueRecords>;

/** What one night took. */
export const RetentionRun = Type.Object({
  id: Id,
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'By rule.' }),
  created_at: Instant,
});
export type RetentionRun = Static<typeof RetentionRun>;

/** The rules in force, tried out, and what they did before. */
export const RetentionReport = Type.Object(
  {
    rules: Type.Array(DueRecords),
    runs: Type.Array(RetentionRun, { description: 'The last 30, newest first.' }),
  },
  { title: 'RetentionReport' },
);
export type RetentionReport = Static<typeof RetentionReport>;
