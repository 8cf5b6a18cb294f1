import { createId } from '@orchestrall/sdk';
import type { Caller, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Counts } from './run-state.ts';
import type { RunFailure, RunStatus } from './run.ts';

/** A run that has not ended. */
export interface OpenRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly is_load: boolean;
  readonly job_id: string | null;
}

const openStatuses = sql`('queued', 'running', 'waiting')`;

/** The one run that has not ended, held; undefined when there is none. */
export async function lockOpenRun(tx: Transaction): Promise<OpenRun | undefined> {
  const query = sql`select id, status, is_load, job_id from sync_runs
    where status in ${openStatuses} for update`;
  return (await tx.query<OpenRun>(toStatement(query)))[0];
}

/** The same, to look at. */
export async function findOpenRun(database: Queryable): Promise<OpenRun | undefined> {
  const query = sql`select id, status, is_load, job_id from sync_runs where status in ${openStatuses}`;
  return (await database.query<OpenRun>(toStatement(query)))[0];
}

/** Makes a run that waits for its job. Two at a time collide, see `changeRecords`. */
export async function insertRun(tx: Transaction, isLoad: boolean, by: Caller | undefined): Promise<OpenRun> {
  const id = createId();
  const statement = `insert into sync_runs (id, is_load, requested_by, status) values ($1, $2, $3, 'queued')`;
  await tx.query(statement, [id, isLoad, by?.id ?? null]);
  return { id, status: 'queued', is_load: isLoad, job_id: null };
}

/** Remembers which job carries a run out. */
export async function assignJob(tx: Transaction, id: string, jobId: string): Promise<void> {
  await tx.query('update sync_runs set job_id = $2, updated_at = now() where id = $1', [id, jobId]);
}

/** Makes a queued run load everything anew. */
export async function askForLoad(tx: Transaction, id: string): Promise<void> {
  await tx.query('update sync_runs set is_load = true, updated_at = now() where id = $1', [id]);
}

/** Marks a run as under way. */
export async function markRunning(tx: Transaction, id: string, jobId: string): Promise<void> {
  const statement = `update sync_runs set status = 'running', job_id = $2, wait_until = null,
    started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp() where id = $1`;
  await tx.query(statement, [id, jobId]);
}

/** Adds to the counts of a run that is under way; false when it has been ended from outside. */
export async function addCounts(tx: Transaction, id: string, counts: Counts): Promise<boolean> {
  const added = Object.entries(counts).filter(([, count]) => count > 0);
  if (added.length === 0) {
    const held = `select from sync_runs where id = $1 and status = 'running' for share`;
    return (await tx.query(held, [id])).length > 0;
  }
  const sums = added.map(([name, count]) => sql`${sql.ref(name)} = ${sql.ref(name)} + ${count}::integer`);
  const query = sql`update sync_runs set ${sql.join(sums)}, updated_at = clock_timestamp()
    where id = ${id} and status = 'running' returning id`;
  return (await tx.query(toStatement(query))).length > 0;
}

/** How a run ends, or why it waits. */
export interface RunEnding {
  readonly status: 'waiting' | 'completed' | 'failed' | 'cancelled';
  readonly code?: string;
  readonly error?: string;
  readonly failures?: readonly RunFailure[];
  readonly waitUntil?: Date;
}

/** Ends a run, or lets it wait; undefined when it had ended. */
export async function endRun(
  tx: Transaction,
  id: string,
  { status, code, error, failures = [], waitUntil }: RunEnding,
): Promise<Counts | undefined> {
  const query = sql`update sync_runs set status = ${status}, code = ${code ?? null}, error = ${error ?? null},
      failures = ${JSON.stringify(failures)}::jsonb, wait_until = ${waitUntil ?? null}::timestamptz,
      finished_at = case when ${status} = 'waiting' then null else clock_timestamp() end,
      updated_at = clock_timestamp()
    where id = ${id} and status in ${openStatuses}
    returning records_created, records_updated, records_deleted, records_given, records_rejected, conflicts`;
  return (await tx.query<Counts>(toStatement(query)))[0];
}

/** Forgets what ended so many days ago: runs, deletions and conflicts that were told only. */
export async function forgetOld(tx: Transaction, days: number): Promise<void> {
  for (const table of ['sync_runs', 'sync_deletions', 'sync_conflicts']) {
    const ended = table === 'sync_runs' ? 'finished_at is not null' : '';
    const over = table === 'sync_conflicts' ? 'resolution is not null' : ended;
    const statement = `delete from ${table} where created_at < now() - make_interval(days => $1)`;
    await tx.query(over === '' ? statement : `${statement} and ${over}`, [days]);
  }
}
