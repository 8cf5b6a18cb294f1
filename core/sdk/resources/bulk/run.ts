import Type from 'typebox';
import { Check } from 'typebox/value';
import type { Transaction } from '../../database.ts';
import { isAppError } from '../../errors.ts';
import type { Caller } from '../../http.ts';
import { isCollision } from '../changes/change-records.ts';
import { Id } from '../fields/schemas.ts';
import { bulkJobOptions } from './ports.ts';
import type { BulkJob, BulkOptions } from './ports.ts';
import { reasonOf } from './reason.ts';
import { requesterOf } from './requester.ts';
import type { BulkStatus } from './schemas.ts';
import { endBulk, findBulk, nextItems, writeResults } from './store.ts';
import type { ItemResult, StoredBulk, StoredItem } from './store.ts';

/** What a job does to the records of a bulk change: changes them, or puts them back. */
export interface BulkWork {
  /** While a bulk change is one of these, the job goes on. */
  readonly during: readonly BulkStatus[];
  /** Which records are still to be worked on. */
  readonly outcome: 'changed' | null;
  readonly ending: 'completed' | 'undone';
  /** With whose rights. */
  requester(stored: StoredBulk): Caller;
  /** Before the first batch, in a transaction of its own; called again where that was not committed. */
  begin?(tx: Transaction, stored: StoredBulk, by: Caller): Promise<void>;
  /** Says what became of each of these records. */
  apply(
    tx: Transaction,
    stored: StoredBulk,
    items: readonly StoredItem[],
    by: Caller,
  ): Promise<readonly ItemResult[]>;
}

/** Fixing a million records takes longer than a statement usually may. */
const beginTimeoutMs = 900_000;

/** Times a batch is tried that collides with other changes. */
const attempts = 5;

/** What each batch saves: the last record done; null before the first. */
const Position = Type.Object({ after: Type.Union([Id, Type.Null()]) });

/** The bulk change was ended from outside while a batch was about to begin. */
class BulkEnded extends Error {}

/** The bulk change cannot go on, whatever is tried. */
class BulkFault extends Error {}

/**
 * Makes the handler of a job that goes through the records of a bulk change. A batch, what became of its records and the
 * place of the next one are one transaction, so that a run resumed after a crash does no record twice.
 */
export function createBulkRun(options: BulkOptions, work: BulkWork): (job: BulkJob) => Promise<void> {
  const { undoHours } = options;
  const end = async (job: BulkJob, status: 'failed' | BulkWork['ending'], reason?: string): Promise<void> =>
    job.transaction(async (tx) => {
      const stored = await lockRunning(options, work, tx, job);
      await endBulk(tx, stored.id, { status, undoHours, ...(reason === undefined ? {} : { reason }) });
    });
  return async (job) => {
    try {
      await walk(options, work, job);
      await end(job, work.ending);
    } catch (error) {
      if (error instanceof BulkEnded) return;
      job.signal.throwIfAborted();
      const reason = reasonToGiveUp(job, error);
      if (reason === undefined) throw error;
      await end(job, 'failed', reason).catch((failure: unknown) => {
        if (!(failure instanceof BulkEnded)) throw failure;
      });
    }
  };
}

async function walk(options: BulkOptions, work: BulkWork, job: BulkJob): Promise<void> {
  let after = Check(Position, job.saved) ? job.saved.after : undefined;
  if (after === undefined) {
    const by = await requireRequester(options, work, job);
    await job.transaction(
      async (tx, checkpoint) => {
        await work.begin?.(tx, await lockRunning(options, work, tx, job), by);
        checkpoint({ after: null } satisfies Type.Static<typeof Position>);
      },
      { timeoutMs: beginTimeoutMs },
    );
    after = null;
  }
  while (after !== undefined) after = await runBatch(options, work, job, after);
}

/** Does the records after one; the last of them, or undefined when there are none left. */
async function runBatch(
  options: BulkOptions,
  work: BulkWork,
  job: BulkJob,
  after: string | null,
): Promise<string | undefined> {
  const by = await requireRequester(options, work, job);
  const { batchRecords: limit } = options;
  const batch = async (): Promise<string | undefined> =>
    job.transaction(async (tx, checkpoint) => {
      const stored = await lockRunning(options, work, tx, job);
      const items = await nextItems(tx, stored.id, { outcome: work.outcome, after, limit });
      const last = items.at(-1)?.record_id;
      if (last === undefined) return undefined;
      const results = await work.apply(tx, stored, items, by);
      await writeResults(tx, stored.id, results);
      checkpoint({ after: last } satisfies Type.Static<typeof Position>);
      const done = stored.changed + stored.unchanged + stored.failed;
      const undone = stored.undone + stored.kept;
      if (work.outcome === null) job.progress(done + results.length, stored.matched ?? undefined);
      else job.progress(undone + results.length, stored.changed);
      return last;
    });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await batch();
    } catch (error) {
      if (attempt === attempts || !isCollision(error)) throw error;
    }
  }
}

/** Holds the bulk change for a batch; whoever cancels it waits until the batch is in, and the next one ends here. */
async function lockRunning(
  { resource }: BulkOptions,
  { during }: BulkWork,
  tx: Transaction,
  job: BulkJob,
): Promise<StoredBulk> {
  const stored = await findBulk(tx, { id: job.payload.bulk_id, resource: resource.name }, 'for update');
  if (stored === undefined || stored.job_id !== job.id || !during.includes(stored.status))
    throw new BulkEnded();
  return stored;
}

/** With whose rights the next batch runs, read anew: they may have changed since. */
async function requireRequester(
  { database, directory, resource }: BulkOptions,
  work: BulkWork,
  { payload }: BulkJob,
): Promise<Caller> {
  const stored = await findBulk(database, { id: payload.bulk_id, resource: resource.name });
  if (stored === undefined) throw new BulkEnded();
  const asked = work.requester(stored);
  const by = await requesterOf(directory, asked);
  if (by === undefined) throw new BulkFault(`${asked.name}, who asked for it, may no longer sign in`);
  return by;
}

/** Why the bulk change ends here; undefined when another attempt may help. */
function reasonToGiveUp(job: BulkJob, error: unknown): string | undefined {
  if (error instanceof BulkFault) return error.message;
  const faulty = isAppError(error) && error.status < 500 && !isCollision(error);
  if (faulty) return reasonOf(error);
  if (job.attempt < bulkJobOptions.attempts) return undefined;
  return `gave up after ${job.attempt} attempts: ${error instanceof Error ? error.message : String(error)}`;
}
