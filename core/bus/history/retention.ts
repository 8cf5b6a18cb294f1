import type { ScopedDatabase } from '../../database/scoped-database.ts';

const batchSize = 5_000;

/**
 * Removes events older than `retentionDays`, lowest positions first, in small transactions. It keeps what a
 * subscription that was in use within that time has not handled yet, and what is parked or dead-lettered. Returns how
 * many went.
 */
export async function trimHistory(
  database: ScopedDatabase,
  retentionDays: number,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (;;) {
    if (signal?.aborted === true) break;
    const [row] = await database.query<{ removed: number; looked: number }>(
      'select removed, looked from core.trim_events($1, $2)',
      [retentionDays, batchSize],
    );
    removed += row?.removed ?? 0;
    if (row === undefined || row.looked < batchSize) break;
  }
  // Processes that ended long ago and named themselves at random.
  await database.query(`delete from core.replicas where lease_until < now() - interval '1 day'`);
  return removed;
}
