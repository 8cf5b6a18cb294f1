import type { ScopedDatabase } from '../../database/scoped-database.ts';

const batchRows = 2_000;

/**
 * Removes ended deliveries older than the retention, and those of webhooks that are gone, in small transactions.
 * Returns how many went.
 */
export async function trimDeliveries(
  database: ScopedDatabase,
  retentionDays: number,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const sql of [old, orphaned]) {
    let gone = batchRows;
    while (gone === batchRows && !signal.aborted) {
      const parameters = sql === old ? [batchRows, retentionDays] : [batchRows];
      const [row] = await database.query<{ count: number }>(sql, parameters);
      gone = row?.count ?? 0;
      removed += gone;
    }
  }
  return removed;
}

/** One that is sent again at this moment no longer fits the condition once its row is free, and stays. */
const old = `
with old as (
  select id from core.webhook_deliveries where ended_at < now() - $2::integer * interval '1 day'
  order by ended_at limit $1
), gone as (
  delete from core.webhook_deliveries
  where id = any (array (select id from old)) and ended_at < now() - $2::integer * interval '1 day' returning 1
)
select count(*) as count from gone`;

const orphaned = `
with orphaned as (
  select d.id from core.webhook_deliveries d
  where not exists (select from core.webhooks w where w.id = d.webhook_id) limit $1
), gone as (
  delete from core.webhook_deliveries where id = any (array (select id from orphaned)) returning 1
)
select count(*) as count from gone`;
