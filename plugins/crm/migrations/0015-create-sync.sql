-- How far the exchange with the outside system is, by object there.
create table sync_cursors (
  object text primary key,
  cursor jsonb not null,
  updated_at timestamptz(3) not null default now()
);

-- Which record there is which here, and what both were when they last agreed: values of records stand in `base` and
-- `kept`, and in the conflicts below, so that an erasure has to reach them too.
create table sync_links (
  object text not null,
  external_id text not null,
  kind text not null,
  local_id uuid not null,
  stamp timestamptz(3) not null,
  base jsonb not null,
  kept jsonb not null,
  load_id uuid,
  parted boolean not null default false,
  primary key (object, external_id)
);
create unique index sync_links_local on sync_links (kind, local_id);

-- What could not be taken or given: the id there of what was taken, the id here of what was given. `field` is empty for
-- the whole record.
create table sync_rejections (
  id uuid primary key default gen_random_uuid(),
  direction text not null check (direction in ('pull', 'push')),
  object text not null,
  record_id text not null,
  field text not null,
  reason text not null,
  -- Whether somebody asked for another attempt.
  retry boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (direction, object, record_id, field)
);
create index sync_rejections_retry on sync_rejections (object) where retry;

create table sync_conflicts (
  id uuid primary key default gen_random_uuid(),
  object text not null,
  external_id text not null,
  local_id uuid not null,
  field text not null,
  reason text not null check (reason in ('both_changed', 'deleted_here', 'deleted_there', 'would_lose')),
  local jsonb,
  remote jsonb,
  base jsonb,
  -- Null while it waits for a decision.
  resolution text check (resolution in ('remote')),
  -- Whose side counts, from somebody's decision until the next run carries it out.
  decision text check (decision in ('local', 'remote')),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index sync_conflicts_decided on sync_conflicts (object) where decision is not null;
create unique index sync_conflicts_open on sync_conflicts (object, external_id, field) where resolution is null;

-- References of taken records to records that have not come.
create table sync_missing (
  object text not null,
  external_id text not null,
  field text not null,
  target_object text not null,
  target_id text not null,
  primary key (object, external_id, field)
);
create index sync_missing_target on sync_missing (target_object, target_id);

-- Records that changed here and were not looked at since; written in the change's own transaction.
create table sync_changes (
  kind text not null,
  local_id uuid not null,
  version integer not null,
  primary key (kind, local_id)
);
