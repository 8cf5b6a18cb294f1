/**
 * The statements that take, keep and give back jobs. Times are the database's: `now()` is the begin of the
 * statement, since each runs in a transaction of its own.
 *
 * Rows are found by `= any (array ...)`: the planner takes that for a few rows and uses the primary key, while a
 * join with a set-returning function or a locking subquery was seen to read the whole table (4 ms against 0.1).
 */

/**
 * Takes up to `slots` jobs of each wanted kind and gives each a new fence and a lease.
 * One probe of the lane for each priority, highest first, read lazily: the limit stops the walk. `skip locked`
 * leaves out what another claim is just taking; the check of the lease is made again on the newest version of
 * the row, so that two claims never take one job. An expired lease makes a job free.
 * $1 plugins, $2 names, $3 slots, $4 leases in milliseconds.
 */
export const claimStatement = `
with wanted as materialized (
  select * from unnest($1::text[], $2::text[], $3::integer[], $4::integer[]) as wanted (plugin, name, slots, lease_ms)
), taken as materialized (
  select free.id
  from wanted cross join lateral (
    select lane.id
    from generate_series(9, 0, -1) as level cross join lateral (
      select job.id
      from core.jobs job
      where job.plugin = wanted.plugin and job.name = wanted.name and job.priority = level
        and job.run_at <= now() and (job.leased_until is null or job.leased_until < now())
      order by job.run_at, job.id
      limit wanted.slots
      for update skip locked
    ) lane
    limit wanted.slots
  ) free
)
update core.jobs job set
  fence = job.fence + 1,
  attempt = job.attempt + 1,
  losses = job.losses + case when job.leased_until is null then 0 else 1 end,
  leased_until = now() + (
    select wanted.lease_ms from wanted where wanted.plugin = job.plugin and wanted.name = job.name
  ) * interval '1 millisecond',
  started_at = coalesce(job.started_at, now())
where job.id = any (array (select taken.id from taken))
returning job.id, job.plugin, job.name, job.payload, job.scope, job.attempt, job.failures, job.losses,
  job.fence, job.saved, job.cancel_requested_at is not null as cancel_requested`;

/** Whether the row is still held by the fence given for its id; $1 ids, $2 fences in the same order. */
const held = `job.id = any($1::uuid[])
  and job.fence = ($2::bigint[])[array_position($1::uuid[], job.id)]
  and job.leased_until is not null`;

/**
 * Renews leases; a row whose own transaction holds it is left out (\`skip locked\`) since that transaction renews it.
 * $1 ids, $2 fences, $3 leases in milliseconds, in the same order.
 */
export const renewStatement = `
with mine as materialized (
  select job.id from core.jobs job where ${held} for update skip locked
)
update core.jobs job set
  leased_until = now() + ($3::integer[])[array_position($1::uuid[], job.id)] * interval '1 millisecond'
where job.id = any (array (select mine.id from mine))
returning job.id, job.cancel_requested_at is not null as cancel_requested`;

/** Which runs still hold their job, whether or not the row is locked; $1 ids, $2 fences. */
export const heldStatement = `select job.id from core.jobs job where ${held}`;

/** Columns that move from core.jobs to core.ended_jobs unchanged. */
const moved = `id, plugin, name, priority, unique_key, payload, scope, created_at, attempt, fence, started_at,
  progress_done, progress_total`;

/**
 * Ends jobs: $3 statuses, $4 error codes, $5 error messages, in the order of $1 ids and $2 fences.
 * A completed job's checkpoint is dropped, that of another kept for a second try.
 */
export const endStatement = `
with gone as (
  delete from core.jobs job where ${held} returning *
)
insert into core.ended_jobs (${moved}, saved, status, error_code, error)
select ${moved}, case when status = 'completed' then null else saved end, status, error_code, error
from (
  select ${moved}, saved,
    ($3::text[])[array_position($1::uuid[], gone.id)] as status,
    ($4::text[])[array_position($1::uuid[], gone.id)] as error_code,
    ($5::text[])[array_position($1::uuid[], gone.id)] as error
  from gone
) ending
returning id`;

/** Queues one failed run again: $1 ids and $2 fences of one, $3 delay in milliseconds, $4 code, $5 message. */
export const retryStatement = `
update core.jobs job set
  leased_until = null, failures = job.failures + 1, run_at = now() + $3::integer * interval '1 millisecond',
  error_code = $4, error = $5
where ${held}
returning job.id`;

/** Gives back runs that were cut through no fault of theirs, as if they had not been claimed; the fence stays. */
export const releaseStatement = `
update core.jobs job set leased_until = null, attempt = job.attempt - 1
where ${held}
returning job.id`;

/** Writes progress: $3 done, $4 total or null, in the order of $1 ids and $2 fences. */
export const progressStatement = `
update core.jobs job set
  progress_done = ($3::bigint[])[array_position($1::uuid[], job.id)],
  progress_total = ($4::bigint[])[array_position($1::uuid[], job.id)]
where job.id = any (array (select job.id from core.jobs job where ${held} for update skip locked))
returning job.id`;
