import type { Transaction } from '../../database.ts';
import type { Job } from '../../jobs.ts';
import type { BulkOptions } from './ports.ts';
import { endBulk } from './store.ts';

/** Records forgotten in one transaction. */
const batchRecords = 10_000;

/** How long a bulk change is listed with its failures after it has ended. */
const historyDays = 30;

/**
 * Makes the handler of the sweep: forgets the states from before once no undo may be asked for, and bulk changes that
 * ended a month ago; ends those whose job has ended without them, such as one that was lost again and again.
 */
export function createBulkSweep(options: BulkOptions): (job: Job) => Promise<void> {
  return async (job) => {
    await endAbandoned(options);
    for (const { id, old } of await expired(options)) await forget(options, job, id, old);
  };
}

interface Expired {
  readonly id: string;
  /** Whether nothing of it is kept any more. */
  readonly old: boolean;
}

async function expired({ database, resource }: BulkOptions): Promise<Expired[]> {
  return database.query<Expired>(
    `select id, finished_at < now() - $2 * interval '1 day' as old from bulk_changes
    where resource = $1 and finished_at is not null and undo_until < now()
      and (swept_at is null or finished_at < now() - $2 * interval '1 day')`,
    [resource.name, historyDays],
  );
}

async function forget({ database }: BulkOptions, job: Job, id: string, old: boolean): Promise<void> {
  const kept = old ? '' : `and outcome is distinct from 'failed' and outcome is distinct from 'kept'`;
  for (let forgotten = batchRecords; forgotten === batchRecords;) {
    job.signal.throwIfAborted();
    const rows = await database.query(
      `delete from bulk_items where bulk_id = $1 and record_id in
        (select record_id from bulk_items where bulk_id = $1 ${kept} order by record_id limit $2)
      returning 1`,
      [id, batchRecords],
    );
    forgotten = rows.length;
  }
  if (old) await database.query('delete from bulk_changes where id = $1', [id]);
  else await database.query('update bulk_changes set swept_at = now() where id = $1', [id]);
}

async function endAbandoned({ database, jobs, resource, undoHours }: BulkOptions): Promise<void> {
  const running = await database.query<{ id: string; job_id: string }>(
    `select id, job_id from bulk_changes where resource = $1 and finished_at is null`,
    [resource.name],
  );
  for (const { id, job_id } of running) {
    const job = await jobs.get(job_id);
    if (job !== undefined && (job.status === 'queued' || job.status === 'running')) continue;
    await database.transaction(async (tx) => endIfStill(tx, id, job_id, job?.error ?? null, undoHours));
  }
}

/** Between the look at the job and now the change may have ended, or begun to be undone. */
async function endIfStill(
  tx: Transaction,
  id: string,
  jobId: string,
  error: string | null,
  undoHours: number,
): Promise<void> {
  const still = await tx.query(
    'select 1 from bulk_changes where id = $1 and job_id = $2 and finished_at is null for update',
    [id, jobId],
  );
  if (still.length === 0) return;
  const reason = `its job has ended without it: ${error ?? 'it is gone'}`;
  await endBulk(tx, id, { status: 'failed', reason, undoHours });
}
