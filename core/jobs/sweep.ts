import type { Sql } from './running/claim.ts';

/** Rows removed at a time, so that no sweep holds many locks or fills the log at once. */
const batchRows = 5000;

/**
 * Removes ended jobs older than the retention, and aliases of jobs that are gone; ends jobs that were cancelled
 * while a worker held them which then died. Any replica may run it at any time. Returns how many rows it removed.
 */
export async function sweepJobs(sql: Sql, retentionDays: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const [row] = await sql.query<{ count: number }>(sweepEnded, [retentionDays, batchRows]);
    const count = row?.count ?? 0;
    removed += count;
    if (count < batchRows) break;
  }
  await sql.query(
    `delete from core.job_aliases alias
    where created_at < now() - interval '1 hour'
      and not exists (select from core.jobs job where job.id = alias.job_id)
      and not exists (select from core.ended_jobs job where job.id = alias.job_id)`,
  );
  await sql.query(
    `select core.cancel_job(id, null) from core.jobs where cancel_requested_at is not null and leased_until < now()`,
  );
  return removed;
}

const sweepEnded = `
with old as (
  select id from core.ended_jobs where ended_at < now() - $1::integer * interval '1 day'
  order by ended_at limit $2 for update skip locked
), gone as (
  delete from core.ended_jobs where id = any (array (select id from old)) returning 1
)
select count(*) from gone`;
