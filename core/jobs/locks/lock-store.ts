import type { Sql } from '../running/claim.ts';

/** Channel that tells waiters of a release; the payload is `plugin/name`. */
export const locksChannel = 'orchestrall_locks';

/** Which lock. */
export interface LockKey {
  readonly plugin: string;
  readonly name: string;
}

/** One asker for a lock, by an id of its own. */
export interface Asker extends LockKey {
  readonly asker: string;
  readonly ttlMs: number;
  /** 0 does not wait in line. */
  readonly waitMs: number;
  readonly priority: number;
}

/** A lock as administrators see it. */
export interface LockRecord {
  readonly plugin: string;
  readonly name: string;
  readonly fence: number;
  readonly held: boolean;
  readonly leased_until: Date | null;
  readonly acquired_at: Date | null;
  readonly waiting: number;
  readonly acquisitions: number;
  readonly longest_wait_ms: number;
}

/** Takes the lock or waits in line for it; `fence` is null when it was not taken. */
export async function acquireLock(
  sql: Sql,
  { plugin, name, asker, ttlMs, waitMs, priority }: Asker,
): Promise<{ readonly fence: number | null; readonly askAgainMs: number }> {
  const [row] = await sql.query<{ taken_fence: number | null; ask_again_ms: number }>(
    'select taken_fence, ask_again_ms from core.acquire_lock($1, $2, $3, $4, $5, $6::smallint)',
    [plugin, name, asker, ttlMs, waitMs, priority],
  );
  return { fence: row?.taken_fence ?? null, askAgainMs: row?.ask_again_ms ?? 1000 };
}

/** Extends the lease; false when another holds the lock, or nobody. */
export async function renewLock(sql: Sql, key: LockKey, asker: string, ttlMs: number): Promise<boolean> {
  const rows = await sql.query(
    `update core.locks set leased_until = now() + $4::integer * interval '1 millisecond'
    where plugin = $1 and name = $2 and holder = $3 returning fence`,
    [key.plugin, key.name, asker, ttlMs],
  );
  return rows.length === 1;
}

/** Frees the lock if the asker still holds it, and tells whoever waits; without waiters nothing is notified. */
export async function releaseLock(sql: Sql, key: LockKey, asker: string): Promise<void> {
  await sql.query(
    `with freed as (
      update core.locks set holder = null, leased_until = null, released_at = now()
      where plugin = $1 and name = $2 and holder = $3 returning 1
    )
    select pg_notify($4, $1 || '/' || $2) from freed
    where exists (select from core.lock_waiters where plugin = $1 and name = $2)`,
    [key.plugin, key.name, asker, locksChannel],
  );
}

/** Takes an asker out of the line. */
export async function leaveLine(sql: Sql, asker: string): Promise<void> {
  await sql.query('delete from core.lock_waiters where holder = $1', [asker]);
}

/** Locks that are held or waited for, by plugin and name; at most 500. */
export function listLocks(sql: Sql): Promise<LockRecord[]> {
  return sql.query<LockRecord>(
    `select * from (
      select lock.plugin, lock.name, lock.fence,
        lock.holder is not null and lock.leased_until >= now() as held, lock.leased_until, lock.acquired_at,
        (select count(*) from core.lock_waiters waiter
          where waiter.plugin = lock.plugin and waiter.name = lock.name and waiter.expires_at >= now()) as waiting,
        lock.acquisitions, lock.longest_wait_ms
      from core.locks lock
    ) known
    where held or waiting > 0 order by plugin, name limit 500`,
  );
}

/** Forgets locks unused for a day and waiters that stopped asking. */
export async function sweepLocks(sql: Sql): Promise<void> {
  await sql.query('delete from core.lock_waiters where expires_at < now()');
  await sql.query(
    `delete from core.locks where released_at < now() - interval '1 day'
      and (holder is null or leased_until < now() - interval '1 day')`,
  );
}
