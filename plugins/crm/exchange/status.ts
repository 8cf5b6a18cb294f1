import type { Database, HealthResult } from '@orchestrall/sdk';
import type { Cursor } from '../sync/state.ts';
import { findConnection } from './connection.ts';
import type { Address } from './connection.ts';
import { findOpenRun } from './runs/run-store.ts';
import type { RunStatus } from './runs/run.ts';
import type { SyncStatus } from './schemas.ts';

interface EndedRun {
  readonly id: string;
  readonly status: RunStatus;
  readonly code: string | null;
  readonly error: string | null;
  readonly finished_at: Date | null;
}

/** How the exchange stands. */
export async function readStatus(database: Database, outside: Address, now: Date): Promise<SyncStatus> {
  const connection = await findConnection(database);
  const open = await findOpenRun(database);
  const last = await lastRun(database);
  const cursors = await database.query<{ object: string; cursor: Cursor }>(
    'select object, cursor from sync_cursors order by object',
  );
  const [counts] = await database.query<
    Pick<SyncStatus, 'waiting_changes' | 'rejections' | 'open_conflicts'>
  >(
    `select (select count(*)::integer from sync_changes) as waiting_changes,
      (select count(*)::integer from sync_rejections) as rejections,
      (select count(*)::integer from sync_conflicts where resolution is null) as open_conflicts`,
  );
  return {
    provider: outside.provider,
    address: outside.address,
    connected_to: connection?.address ?? null,
    wait_until: connection?.waits === true ? (connection.wait_until?.toISOString() ?? null) : null,
    open_run: open === undefined ? null : { id: open.id, status: open.status },
    last_run: last === undefined ? null : { ...last, finished_at: last.finished_at?.toISOString() ?? null },
    objects: cursors.map(({ object, cursor: { load, changedSince, deletedSince } }) => ({
      object,
      kind: load.mapping.split(' ')[0] ?? '',
      phase: load.phase,
      loaded_from: load.startedAt,
      changed_since: changedSince,
      deleted_since: deletedSince,
      lag_seconds: Math.max(0, Math.round((now.getTime() - Date.parse(changedSince)) / 1_000)),
    })),
    waiting_changes: counts?.waiting_changes ?? 0,
    rejections: counts?.rejections ?? 0,
    open_conflicts: counts?.open_conflicts ?? 0,
  };
}

/** Whether records are exchanged as they should be. */
export async function checkExchange(database: Database, outside: Address): Promise<HealthResult> {
  const connection = await findConnection(database);
  if (connection !== undefined && connection.address !== outside.address) {
    return { status: 'degraded', reason: `records were exchanged with ${connection.address} so far` };
  }
  if (connection?.waits === true) {
    const until = connection.wait_until?.toISOString() ?? '';
    return {
      status: 'degraded',
      reason: `the exchange waits until ${until} after ${connection.outages} outages`,
    };
  }
  const last = await lastRun(database);
  if (last?.status !== 'failed') return { status: 'healthy' };
  return { status: 'degraded', reason: `the last run failed with ${last.code ?? 'an error'}` };
}

async function lastRun(database: Database): Promise<EndedRun | undefined> {
  const statement = `select id, status, code, error, finished_at from sync_runs
    where finished_at is not null order by finished_at desc limit 1`;
  return (await database.query<EndedRun>(statement))[0];
}
