-- Processes that work on subscriptions; one row each, renewed by the database's clock.
create table core.replicas (
  id text primary key,
  lease_until timestamptz not null
) with (fillfactor = 50);

create table core.subscriptions (
  id integer generated always as identity primary key,
  owner text not null,
  name text not null,
  pattern text not null,
  -- Every position up to here is settled: handled, parked in core.deliveries or dead-lettered.
  cursor_position bigint not null,
  -- Grows with every replica that takes the subscription; work under an older one is refused.
  fence bigint not null default 0,
  -- The replica that works on it; others take it once that one's lease has run out.
  holder text,
  -- When a replica last had its plugin on; retention waits for subscriptions that are in use.
  seen_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  unique (owner, name)
) with (fillfactor = 50);

-- Positions settled above the cursor of a subscription.
create table core.inbox (
  subscription_id integer not null,
  position bigint not null,
  primary key (subscription_id, position)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

-- Events that failed, and events of the same key that wait behind them.
create table core.deliveries (
  subscription_id integer not null,
  position bigint not null,
  key text not null,
  attempts integer not null default 0,
  -- When the first of its key is tried again; null for those that wait behind it.
  next_at timestamptz,
  error text,
  created_at timestamptz not null default now(),
  primary key (subscription_id, position)
);
create index deliveries_by_key on core.deliveries (subscription_id, key, position);
create index deliveries_due on core.deliveries (subscription_id, next_at) where next_at is not null;

create table core.dead_letters (
  id bigint generated always as identity primary key,
  subscription_id integer not null,
  position bigint not null,
  event_id uuid not null,
  type text not null,
  subject text,
  time timestamptz not null,
  data json not null,
  correlation_id text,
  source text not null,
  attempts integer not null,
  reason text not null,
  error text not null,
  dead_at timestamptz not null default now(),
  unique (subscription_id, position)
);

-- Holds the subscription for the rest of the transaction against another replica's taking it, and refuses a
-- holder that has been replaced. 1869767011 is this lock's class.
create function core.hold_subscription(subscription integer, held_fence bigint) returns void
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock_shared(1869767011, subscription);
  perform 1 from core.subscriptions s where s.id = subscription and s.fence = held_fence;
  if not found then
    raise exception 'subscription % is held under a newer fence than %', subscription, held_fence
      using errcode = 'OR001';
  end if;
end
$$;

-- Notes positions as handled by this transaction and returns those that had not been.
create function core.accept_events(subscription integer, held_fence bigint, positions bigint[]) returns setof bigint
language plpgsql
as $$
begin
  perform core.hold_subscription(subscription, held_fence);
  return query
  insert into core.inbox (subscription_id, position)
  select subscription, p from unnest(positions) p
  on conflict do nothing
  returning inbox.position;
end
$$;

-- Takes back positions that the transaction accepted but leaves to a later one.
create function core.release_events(subscription integer, held_fence bigint, positions bigint[]) returns void
language plpgsql
as $$
begin
  perform core.hold_subscription(subscription, held_fence);
  delete from core.inbox i where i.subscription_id = subscription and i.position = any (positions);
end
$$;

-- Lets the next event of a key be tried now.
create function core.promote_key(subscription integer, blocked_key text) returns void
language sql
as $$
  update core.deliveries d set next_at = now()
  where d.subscription_id = subscription and d.next_at is null and d.position = (
    select min(f.position) from core.deliveries f where f.subscription_id = subscription and f.key = blocked_key
  );
$$;

-- Ends a waiting delivery within the handler's transaction; false when it had ended before.
create function core.settle_delivery(subscription integer, held_fence bigint, settled bigint) returns boolean
language plpgsql
as $$
declare
  settled_key text;
begin
  perform core.hold_subscription(subscription, held_fence);
  delete from core.deliveries d where d.subscription_id = subscription and d.position = settled
  returning d.key into settled_key;
  if not found then return false; end if;
  insert into core.inbox (subscription_id, position)
  select subscription, settled
  where settled > (select s.cursor_position from core.subscriptions s where s.id = subscription)
  on conflict do nothing;
  perform core.promote_key(subscription, settled_key);
  return true;
end
$$;

-- Parks events behind a failing one of their key.
create function core.park_events(subscription integer, held_fence bigint, positions bigint[], keys text[])
returns void
language plpgsql
as $$
begin
  perform core.hold_subscription(subscription, held_fence);
  insert into core.deliveries (subscription_id, position, key)
  select subscription, p.position, p.key from unnest(positions, keys) as p (position, key)
  on conflict do nothing;
end
$$;

-- Counts a failed attempt: sets the next one, or moves the event to the dead letters. Returns whether it is dead.
create function core.fail_delivery(
  subscription integer, held_fence bigint, failed bigint, failed_key text,
  failure text, failure_reason text, max_attempts integer, pause_ms double precision
) returns boolean
language plpgsql
as $$
declare
  tried integer;
begin
  perform core.hold_subscription(subscription, held_fence);
  insert into core.deliveries as d (subscription_id, position, key, attempts, next_at, error)
  values (subscription, failed, failed_key, 1, clock_timestamp() + pause_ms * interval '1 millisecond', failure)
  on conflict (subscription_id, position) do update
    set attempts = d.attempts + 1, next_at = excluded.next_at, error = excluded.error
  returning d.attempts into tried;
  if tried < max_attempts then return false; end if;

  insert into core.dead_letters as l (
    subscription_id, position, event_id, type, subject, time, data, correlation_id, source, attempts, reason, error
  )
  select subscription, e.position, e.id, e.type, e.subject, e.time, e.data, e.correlation_id, e.source,
    tried, failure_reason, failure
  from core.events e where e.position = failed
  on conflict (subscription_id, position) do update
    set attempts = excluded.attempts, reason = excluded.reason, error = excluded.error, dead_at = now();
  perform core.settle_delivery(subscription, held_fence, failed);
  return true;
end
$$;

-- Takes those of the wanted subscriptions that nobody works on, under a new fence. A subscription whose former
-- holder still has a transaction open is left for the next try.
create function core.take_subscriptions(replica text, wanted integer[]) returns setof core.subscriptions
language plpgsql
as $$
declare
  free integer;
  taken core.subscriptions;
begin
  for free in
    select s.id from core.subscriptions s
    where s.id = any (wanted) and (
      s.holder is null or s.holder = replica
      or not exists (select from core.replicas r where r.id = s.holder and r.lease_until > clock_timestamp())
    )
    order by s.id
    for update skip locked
  loop
    continue when not pg_try_advisory_xact_lock(1869767011, free);
    update core.subscriptions s set fence = s.fence + 1, holder = replica, seen_at = now()
    where s.id = free returning s.* into taken;
    -- A key whose head has no time set would wait for ever.
    update core.deliveries d set next_at = now()
    where d.subscription_id = free and d.next_at is null and not exists (
      select from core.deliveries f
      where f.subscription_id = free and f.key = d.key and f.position < d.position
    );
    return next taken;
  end loop;
end
$$;
