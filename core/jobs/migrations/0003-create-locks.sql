-- Numbers grow over all locks, so that a row may be removed without its lock ever going back to an older fence.
create sequence core.lock_fence cache 1;

-- Locks that are held, or were not long ago. Nothing but the key is in an index: taking, renewing and releasing
-- stay in their page.
create table core.locks (
  plugin text not null,
  name text not null,
  holder uuid,
  fence bigint not null default 0,
  leased_until timestamptz,
  acquired_at timestamptz,
  released_at timestamptz not null default clock_timestamp(),
  acquisitions bigint not null default 0,
  longest_wait_ms bigint not null default 0,
  primary key (plugin, name)
) with (fillfactor = 50);

-- Who waits. A waiter that stops asking is forgotten at expires_at.
create table core.lock_waiters (
  holder uuid primary key,
  plugin text not null,
  name text not null,
  priority smallint not null check (priority between 0 and 9),
  requested_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index lock_waiters_by_lock on core.lock_waiters (plugin, name);

-- Takes the lock if it is free and nobody who waits comes first; otherwise waits in line when wait_ms is not 0, and
-- says in how many milliseconds to ask again. First comes the highest priority, to which every five seconds of
-- waiting add one, then the earliest. The row of the lock makes all who ask for it take turns.
create function core.acquire_lock(
  lock_plugin text, lock_name text, asker uuid, ttl_ms integer, wait_ms integer, asker_priority smallint
)
returns table (taken_fence bigint, ask_again_ms integer)
language plpgsql set search_path = core, pg_catalog as $$
declare
  held core.locks;
  first_in_line uuid;
  asked_at timestamptz;
  moment timestamptz;
begin
  insert into core.locks (plugin, name) values (lock_plugin, lock_name) on conflict do nothing;
  select known.* into held from core.locks known
  where known.plugin = lock_plugin and known.name = lock_name for update;
  moment := clock_timestamp();

  delete from core.lock_waiters waiter
  where waiter.plugin = lock_plugin and waiter.name = lock_name and waiter.expires_at < moment;
  insert into core.lock_waiters as waiter (holder, plugin, name, priority, requested_at, expires_at)
  values (asker, lock_plugin, lock_name, asker_priority, moment, moment + interval '5 seconds')
  on conflict (holder) do update set expires_at = excluded.expires_at
  returning waiter.requested_at into asked_at;

  select waiter.holder into first_in_line from core.lock_waiters waiter
  where waiter.plugin = lock_plugin and waiter.name = lock_name
  order by waiter.priority + floor(extract(epoch from moment - waiter.requested_at) / 5) desc,
    waiter.requested_at, waiter.holder
  limit 1;

  if (held.holder is null or held.leased_until < moment) and first_in_line = asker then
    delete from core.lock_waiters waiter where waiter.holder = asker;
    update core.locks known set
      holder = asker, fence = nextval('core.lock_fence'), leased_until = moment + ttl_ms * interval '1 millisecond',
      acquired_at = moment, acquisitions = known.acquisitions + 1,
      longest_wait_ms = greatest(known.longest_wait_ms, extract(epoch from moment - asked_at) * 1000)
    where known.plugin = lock_plugin and known.name = lock_name
    returning known.fence into taken_fence;
  elsif wait_ms = 0 then
    delete from core.lock_waiters waiter where waiter.holder = asker;
  end if;
  ask_again_ms := case
    when held.holder is null or held.leased_until < moment then 100
    else least(1000, 1 + ceil(extract(epoch from held.leased_until - moment) * 1000))
  end;
  return next;
end
$$;
