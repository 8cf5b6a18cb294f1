-- Jobs that have not ended. A row is small, lives shortly and is moved to core.ended_jobs by the statement that
-- ends it, so that this table, its indexes and the walk of a claim stay as small as the work that waits.
--
-- Everything a claim, a heartbeat or a checkpoint rewrites stands below the line and is in no index, nor in the
-- predicate of one: such updates stay in their page (HOT), which the fill factor leaves room for.
create table core.jobs (
  id uuid primary key,
  plugin text not null,
  name text not null,
  priority smallint not null check (priority between 0 and 9),
  run_at timestamptz not null,
  unique_key text,
  payload jsonb not null,
  scope jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  -- rewritten
  attempt integer not null default 0,
  failures integer not null default 0,
  losses integer not null default 0,
  fence bigint not null default 0,
  leased_until timestamptz,
  started_at timestamptz,
  cancel_requested_at timestamptz,
  progress_done bigint not null default 0,
  progress_total bigint,
  saved jsonb,
  error_code text,
  error text
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

-- The lane a claim walks: one probe for each priority, each in order of time, so that jobs of the future are
-- never passed over. Claimed rows stay in it; a claim steps over as many as are running.
create index jobs_lane on core.jobs (plugin, name, priority, run_at, id);
create unique index jobs_unique_key on core.jobs (plugin, name, unique_key) where unique_key is not null;

-- Jobs that have ended, kept for the retention time. Rows are inserted once and never changed.
create table core.ended_jobs (
  id uuid primary key,
  plugin text not null,
  name text not null,
  priority smallint not null,
  unique_key text,
  payload jsonb not null,
  scope jsonb not null,
  created_at timestamptz not null,
  attempt integer not null,
  fence bigint not null,
  started_at timestamptz,
  progress_done bigint not null,
  progress_total bigint,
  saved jsonb,
  error_code text,
  error text,
  status text not null check (status in ('completed', 'failed', 'cancelled')),
  ended_at timestamptz not null default clock_timestamp()
);
create index ended_jobs_by_kind on core.ended_jobs (plugin, name, id);
create index ended_jobs_not_completed on core.ended_jobs (status, id) where status <> 'completed';
create index ended_jobs_by_end on core.ended_jobs (ended_at);

-- An id given out inside a transaction before its unique key was found taken, and the job that stands for it.
create table core.job_aliases (
  id uuid primary key,
  job_id uuid not null,
  created_at timestamptz not null default clock_timestamp()
);

-- One row for each declared schedule; next_at is the instant planned next, null when there is none. Whoever moves
-- it on enqueues.
create table core.job_schedules (
  plugin text not null,
  name text not null,
  job_name text not null,
  cron text not null,
  time_zone text not null,
  payload jsonb not null,
  next_at timestamptz,
  last_at timestamptz,
  last_job_id uuid,
  primary key (plugin, name)
);
