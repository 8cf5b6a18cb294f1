-- Steps of more than one statement. They run with the core's role, also inside a plugin's transaction; a plugin's own
-- role can neither call them nor reach the tables.

-- Stores new jobs of one plugin. A job whose unique key is taken by one that has not ended is not stored; its id
-- becomes an alias of that one. Returns the id under which each is kept, only where it differs.
create function core.enqueue_jobs(job_plugin text, new_jobs jsonb)
returns table (new_id uuid, kept_id uuid)
language plpgsql set search_path = core, pg_catalog as $$
declare
  entry record;
  existing uuid;
begin
  insert into core.jobs (id, plugin, name, priority, run_at, unique_key, payload, scope)
  select job.id, job_plugin, job.name, job.priority, coalesce(job.run_at, clock_timestamp()), job.unique_key,
    coalesce(job.payload, 'null'), job.scope
  from jsonb_to_recordset(new_jobs) as job (
    id uuid, name text, priority smallint, run_at timestamptz, unique_key text, payload jsonb, scope jsonb
  )
  -- One order for all, so that two transactions with the same keys wait for each other but never in a circle.
  order by job.name, job.unique_key
  on conflict (plugin, name, unique_key) where unique_key is not null do nothing;

  for entry in
    select job.* from jsonb_to_recordset(new_jobs) as job (
      id uuid, name text, priority smallint, run_at timestamptz, unique_key text, payload jsonb, scope jsonb
    )
    where job.unique_key is not null and not exists (select from core.jobs stored where stored.id = job.id)
    order by job.name, job.unique_key
  loop
    loop
      select stored.id into existing from core.jobs stored
      where stored.plugin = job_plugin and stored.name = entry.name and stored.unique_key = entry.unique_key;
      if found then
        insert into core.job_aliases (id, job_id) values (entry.id, existing);
        new_id := entry.id;
        kept_id := existing;
        return next;
        exit;
      end if;
      -- The one that held the key has ended in between.
      insert into core.jobs (id, plugin, name, priority, run_at, unique_key, payload, scope)
      values (entry.id, job_plugin, entry.name, entry.priority, coalesce(entry.run_at, clock_timestamp()),
        entry.unique_key, coalesce(entry.payload, 'null'), entry.scope)
      on conflict (plugin, name, unique_key) where unique_key is not null do nothing;
      exit when found;
    end loop;
  end loop;
end
$$;

-- The last statement of a job's transaction: true while the run still holds the job, whose row it locks until the
-- commit, so that nothing can take the job in between. Renews the lease and saves the checkpoint, if there is one.
create function core.keep_job(
  job_plugin text, job_id uuid, job_fence bigint, lease_ms integer, with_checkpoint boolean, checkpoint jsonb
)
returns boolean
language plpgsql set search_path = core, pg_catalog as $$
begin
  update core.jobs job set
    leased_until = greatest(job.leased_until, clock_timestamp() + lease_ms * interval '1 millisecond'),
    losses = case when with_checkpoint then 0 else job.losses end,
    saved = case when with_checkpoint then checkpoint else job.saved end
  where job.id = job_id and job.plugin = job_plugin and job.fence = job_fence and job.leased_until is not null;
  return found;
end
$$;

-- Asks a job to stop. A job that nobody runs ends at once; a running one is marked and its run told.
-- Answers `cancelled`, `asked`, or null when there is no such job that has not ended.
create function core.cancel_job(wanted_id uuid, wanted_plugin text)
returns text
language plpgsql set search_path = core, pg_catalog as $$
declare
  job core.jobs;
begin
  select live.* into job from core.jobs live
  where live.id = coalesce((select alias.job_id from core.job_aliases alias where alias.id = wanted_id), wanted_id)
    and (wanted_plugin is null or live.plugin = wanted_plugin)
  for update;
  if not found then
    return null;
  end if;
  if job.leased_until >= clock_timestamp() then
    update core.jobs live set cancel_requested_at = coalesce(live.cancel_requested_at, clock_timestamp())
    where live.id = job.id;
    return 'asked';
  end if;
  delete from core.jobs live where live.id = job.id;
  insert into core.ended_jobs (id, plugin, name, priority, unique_key, payload, scope, created_at, attempt, fence,
    started_at, progress_done, progress_total, saved, error_code, error, status)
  values (job.id, job.plugin, job.name, job.priority, job.unique_key, job.payload, job.scope, job.created_at,
    job.attempt, job.fence, job.started_at, job.progress_done, job.progress_total, job.saved, job.error_code,
    job.error, 'cancelled');
  return 'cancelled';
end
$$;

-- Queues an ended job again under its id, with its checkpoint and a clean count of failures. The fence goes on, so
-- that runs from before stay refused. Answers the status it had, or null when there is no such ended job;
-- `completed` and `taken` (its unique key is in use) change nothing.
create function core.requeue_job(wanted_id uuid)
returns text
language plpgsql set search_path = core, pg_catalog as $$
declare
  job core.ended_jobs;
begin
  select ended.* into job from core.ended_jobs ended
  where ended.id = coalesce((select alias.job_id from core.job_aliases alias where alias.id = wanted_id), wanted_id)
  for update;
  if not found then
    return null;
  end if;
  if job.status = 'completed' then
    return job.status;
  end if;
  insert into core.jobs (id, plugin, name, priority, run_at, unique_key, payload, scope, created_at, attempt, fence,
    progress_done, progress_total, saved)
  values (job.id, job.plugin, job.name, job.priority, clock_timestamp(), job.unique_key, job.payload, job.scope,
    job.created_at, job.attempt, job.fence, job.progress_done, job.progress_total, job.saved)
  on conflict (plugin, name, unique_key) where unique_key is not null do nothing;
  if not found then
    return 'taken';
  end if;
  delete from core.ended_jobs ended where ended.id = job.id;
  return job.status;
end
$$;
