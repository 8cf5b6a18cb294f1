import type { Fault } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import type { ActivityFields } from './fields.ts';

/** What an activity is settled with. */
export interface Surroundings {
  readonly by: Actor;
  /** RFC 3339, UTC. */
  readonly now: string;
}

/**
 * Finds out what an activity leaves open: its author, the status of a task and when it was done. A task that is opened
 * again loses its `done_at`. Gives a fault instead where they contradict each other.
 */
export function settleActivity(
  fields: ActivityFields,
  before: ActivityFields | undefined,
  { by, now }: Surroundings,
): ActivityFields | Fault {
  const { type, done_at } = fields;
  const kept = {
    ...fields,
    occurred_at: before?.occurred_at ?? now,
    author_id: before === undefined ? by.id : before.author_id,
    author_name: before === undefined ? by.name : before.author_name,
  };
  if (type !== 'task') return kept;
  const status = fields.status ?? 'open';
  if (status === 'done') return { ...kept, status, done_at: done_at ?? now };
  const leftover = before?.status === 'done' && before.done_at === done_at;
  if (done_at === null || leftover) return { ...kept, status, done_at: null };
  return { path: '/done_at', message: 'must come with the status done' };
}
