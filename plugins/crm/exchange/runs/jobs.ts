import { defineJob } from '@orchestrall/sdk';
import type { JobOptions, Transaction } from '@orchestrall/sdk';
import Type from 'typebox';

/** Carries out the run that is open, or a new one. */
export const syncJob = defineJob('sync', Type.Object({}));

/** Enqueues `syncJob`: by the schedule, and when a pause that the outside system asked for is over. */
export const syncDueJob = defineJob('sync-due', Type.Object({}));

/** A load may take hours; an attempt that ends early is resumed where it was. */
export const syncJobOptions = {
  concurrency: 1,
  attempts: 8,
  timeoutMs: 24 * 3_600_000,
} satisfies JobOptions;

/** Enqueues the one job that there is at a time over all replicas; gives its id. */
export function enqueueSync(tx: Transaction): string {
  return tx.enqueue(syncJob, {}, { uniqueKey: 'sync' });
}
