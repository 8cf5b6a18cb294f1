-- Receivers of events. Secrets and headers are sealed with the appliance's key.
create table core.webhooks (
  id uuid primary key,
  url text not null,
  description text not null,
  patterns text[] not null,
  header_names text[] not null,
  sealed_headers bytea,
  sealed_secret bytea not null,
  -- The secret before the last rotation, with which messages are signed as well until then.
  former_secret bytea,
  former_until timestamptz,
  status text not null default 'active' check (status in ('active', 'paused')),
  pause_reason text,
  paused_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Events up to here have become deliveries, as far as they match.
  cursor_position bigint not null,
  -- Deliveries that have not ended.
  waiting integer not null default 0,
  -- Failed attempts since the last that was taken, and since when.
  failures integer not null default 0,
  failing_since timestamptz,
  last_delivered_at timestamptz,
  -- Nothing is sent before.
  rest_until timestamptz,
  -- The one job that sends, and when it begins; null once it has begun.
  job_id uuid,
  job_begins_at timestamptz
) with (fillfactor = 70);

-- One row for each event and webhook. The event itself stays in the history, by its position; null for a test.
create table core.webhook_deliveries (
  id uuid primary key,
  webhook_id uuid not null,
  position bigint,
  event_id uuid not null,
  event_type text not null,
  status text not null check (status in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  -- Attempts since it was created or last asked for again: these have an end.
  tries integer not null default 0,
  created_at timestamptz not null default now(),
  next_at timestamptz,
  expires_at timestamptz not null,
  ended_at timestamptz
) with (fillfactor = 80);
create unique index webhook_deliveries_once on core.webhook_deliveries (webhook_id, position) where position is not null;
-- What is to be sent next, and what has failed.
create index webhook_deliveries_due on core.webhook_deliveries (webhook_id, next_at, position) where status = 'pending';
create index webhook_deliveries_failed on core.webhook_deliveries (webhook_id, id) where status = 'failed';
create index webhook_deliveries_newest on core.webhook_deliveries (webhook_id, id);
create index webhook_deliveries_ended on core.webhook_deliveries (ended_at) where ended_at is not null;

create table core.webhook_attempts (
  delivery_id uuid not null references core.webhook_deliveries (id) on delete cascade,
  number integer not null,
  at timestamptz not null,
  duration_ms integer not null,
  response_status integer,
  error text,
  response text,
  primary key (delivery_id, number)
);
