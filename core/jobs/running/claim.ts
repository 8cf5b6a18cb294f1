import type { CoreStatements } from '../../database/transaction.ts';
import {
  claimStatement,
  endStatement,
  heldStatement,
  progressStatement,
  releaseStatement,
  renewStatement,
  retryStatement,
} from './claim-statements.ts';

/** Runs one statement as the core; a pool or an open transaction. */
export type Sql = Pick<CoreStatements, 'query'>;

/** A kind of job of which up to `slots` are wanted. */
export interface Wanted {
  readonly plugin: string;
  readonly name: string;
  readonly slots: number;
  readonly leaseMs: number;
}

/** One held run: nothing is written for it unless the fence is still the job's newest. */
export interface Hold {
  readonly id: string;
  readonly fence: number;
}

/** A job as a claim hands it out. */
export interface ClaimedJob extends Hold {
  readonly plugin: string;
  readonly name: string;
  readonly payload: unknown;
  readonly scope: unknown;
  readonly attempt: number;
  /** Attempts that ended in an error. */
  readonly failures: number;
  /** Leases lost since the last checkpoint. */
  readonly losses: number;
  /** Null when nothing was saved. */
  readonly saved: unknown;
  readonly cancel_requested: boolean;
}

/** How a run ends the job. */
export interface Ending extends Hold {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly errorCode?: string | undefined;
  readonly error?: string | undefined;
}

/** Takes free jobs of the wanted kinds, highest priority first, each with a new fence and a lease. */
export function claim(sql: Sql, wanted: readonly Wanted[]): Promise<ClaimedJob[]> {
  return sql.query<ClaimedJob>({
    name: 'claim_jobs',
    sql: claimStatement,
    parameters: [
      wanted.map((kind) => kind.plugin),
      wanted.map((kind) => kind.name),
      wanted.map((kind) => kind.slots),
      wanted.map((kind) => kind.leaseMs),
    ],
  });
}

/** Renews leases; what was not renewed is lost or locked by its own transaction: see `stillHeld`. */
export function renew(
  sql: Sql,
  holds: readonly (Hold & { readonly leaseMs: number })[],
): Promise<{ readonly id: string; readonly cancel_requested: boolean }[]> {
  return sql.query(renewStatement, [...columns(holds), holds.map((hold) => hold.leaseMs)]);
}

/** The ids of the runs that still hold their job. */
export async function stillHeld(sql: Sql, holds: readonly Hold[]): Promise<ReadonlySet<string>> {
  return ids(await sql.query<{ id: string }>(heldStatement, columns(holds)));
}

/** Ends jobs and returns the ids that were ended; one whose fence is stale is refused by being left out. */
export async function end(sql: Sql, endings: readonly Ending[]): Promise<ReadonlySet<string>> {
  return ids(
    await sql.query<{ id: string }>({
      name: 'end_jobs',
      sql: endStatement,
      parameters: [
        ...columns(endings),
        endings.map((ending) => ending.status),
        endings.map((ending) => ending.errorCode ?? null),
        endings.map((ending) => ending.error ?? null),
      ],
    }),
  );
}

/** Queues a failed run again after `delayMs`; false when the fence is stale. */
export async function retry(
  sql: Sql,
  hold: Hold,
  failure: { readonly delayMs: number; readonly code: string; readonly message: string },
): Promise<boolean> {
  const rows = await sql.query(retryStatement, [
    ...columns([hold]),
    failure.delayMs,
    failure.code,
    failure.message,
  ]);
  return rows.length === 1;
}

/** Gives runs back without counting the attempt. */
export async function release(sql: Sql, holds: readonly Hold[]): Promise<ReadonlySet<string>> {
  return ids(await sql.query<{ id: string }>(releaseStatement, columns(holds)));
}

/** Writes progress and returns the ids of which it was written: not of runs that are stale, or locked by a transaction. */
export async function writeProgress(
  sql: Sql,
  reports: readonly (Hold & { readonly done: number; readonly total?: number | undefined })[],
): Promise<ReadonlySet<string>> {
  return ids(
    await sql.query<{ id: string }>(progressStatement, [
      ...columns(reports),
      reports.map((report) => report.done),
      reports.map((report) => report.total ?? null),
    ]),
  );
}

function columns(holds: readonly Hold[]): [string[], number[]] {
  return [holds.map((hold) => hold.id), holds.map((hold) => hold.fence)];
}

function ids(rows: readonly { readonly id: string }[]): ReadonlySet<string> {
  return new Set(rows.map((row) => row.id));
}
