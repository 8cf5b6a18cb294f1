-- The outbox: events written just before their transaction commits. A row lives for milliseconds.
-- CACHE 1, so that of two writers that conflict on a row the later one gets the higher number.
create sequence core.outbox_sequence as bigint cache 1;

create table core.outbox (
  sequence bigint primary key default nextval('core.outbox_sequence'),
  id uuid not null,
  source text not null,
  type text not null,
  subject text,
  time timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  data json not null,
  correlation_id text,
  traceparent text,
  visible_to text[]
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- The history. `data` is json, not jsonb: it is read back as it was written and costs less to store.
create table core.events (
  position bigint primary key,
  id uuid not null,
  source text not null,
  type text not null,
  subject text,
  time timestamptz not null,
  data json not null,
  correlation_id text,
  traceparent text,
  visible_to text[]
);
create unique index events_by_id on core.events (id);
create index events_by_type on core.events (type, position);
create index events_by_subject on core.events (subject, position) where subject is not null;
create index events_by_correlation on core.events (correlation_id, position) where correlation_id is not null;
create index events_by_time on core.events using brin (time) with (pages_per_range = 16, autosummarize = on);

-- One row: who holds its lock gives positions.
create table core.relay (
  only_row boolean primary key default true check (only_row),
  -- The highest position given.
  head bigint not null default 0,
  -- The lowest position that the history still promises to hold.
  oldest bigint not null default 1,
  -- Every outbox number up to here has ended and was moved: where the relay's scan may begin.
  scan_floor bigint not null default 0,
  -- The next floor, true once every transaction older than `floor_after` has ended.
  next_floor bigint not null default 0,
  floor_after xid8
) with (fillfactor = 10);
insert into core.relay default values;

-- Run with the core's role in the round trip that commits the emitter's transaction.
create function core.emit_events(events json) returns void
language plpgsql
as $$
begin
  -- The transaction's number is taken before the sequence's, on which the scan floor of the relay relies.
  perform pg_current_xact_id();
  insert into core.outbox (id, source, type, subject, data, correlation_id, traceparent, visible_to)
  select e.id, e.source, e.type, e.subject, coalesce(e.data, 'null'), e.correlation_id, e.traceparent, e.visible_to
  from json_to_recordset(events) as e (
    id uuid, source text, type text, subject text, data json,
    correlation_id text, traceparent text, visible_to text[]
  );
end
$$;

-- An instant as it stands in an envelope.
create function core.envelope_time(instant timestamptz) returns text
language sql stable
return to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- Moves committed rows from the outbox to the history and gives them the next positions, without a gap.
-- Returns them in order; one row with a null position when another replica is at it.
create function core.stamp_events(max_rows integer) returns table (
  "position" bigint, id uuid, source text, type text, subject text, "time" text, data json,
  correlation_id text, traceparent text, visible_to text[]
)
language plpgsql
as $$
#variable_conflict use_column
declare
  relay core.relay;
  moved integer;
  finished boolean;
begin
  -- An idle poll ends here: it takes no lock and writes nothing.
  perform 1 from core.outbox o where o.sequence > (select r.scan_floor from core.relay r) limit 1;
  if not found then return; end if;

  select * into relay from core.relay for update skip locked;
  if not found then
    return query select null::bigint, null::uuid, null, null, null, null, null::json, null, null, null::text[];
    return;
  end if;

  -- The floor only shortens the scan past rows that vacuum could not yet remove, as under a long-held snapshot;
  -- it never decides what is delivered. It rests on an answer taken before the scan's own snapshot.
  finished := relay.next_floor > relay.scan_floor
    and coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= relay.floor_after, false);

  return query
  with taken as (
    delete from core.outbox o
    where o.ctid = any (array(
      select o2.ctid from core.outbox o2
      where o2.sequence > relay.scan_floor order by o2.sequence limit max_rows
    ))
    returning o.*
  ), placed as (
    select relay.head + row_number() over (order by t.sequence) as place, t.* from taken t
  ), stored as (
    insert into core.events (position, id, source, type, subject, time, data, correlation_id, traceparent, visible_to)
    select p.place, p.id, p.source, p.type, p.subject, p.time, p.data, p.correlation_id, p.traceparent, p.visible_to
    from placed p order by p.place
  )
  select p.place, p.id, p.source, p.type, p.subject, core.envelope_time(p.time), p.data,
    p.correlation_id, p.traceparent, p.visible_to
  from placed p order by p.place;
  get diagnostics moved = row_count;

  if finished and moved < max_rows then
    update core.relay set head = relay.head + moved, scan_floor = relay.next_floor;
  elsif relay.next_floor <= relay.scan_floor then
    update core.relay r set head = relay.head + moved, floor_after = null,
      next_floor = (select s.last_value from core.outbox_sequence s);
  elsif relay.floor_after is null then
    -- A transaction later than the one that read the sequence: every holder of a number up to the next floor
    -- took its own transaction number before this one.
    update core.relay set head = relay.head + moved, floor_after = pg_current_xact_id();
  else
    update core.relay set head = relay.head + moved;
  end if;
end
$$;
