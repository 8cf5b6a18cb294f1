-- With whom records are exchanged; one row, kept while another provider serves.
create table sync_connection (
  singleton boolean primary key default true check (singleton),
  provider text not null,
  address text not null,
  connected_at timestamptz(3) not null default now(),
  -- Until when the outside system is left alone, and after how many outages in a row.
  wait_until timestamptz(3),
  outages integer not null default 0
);

-- What administrators say about the mapping; one row.
create table sync_mapping (
  singleton boolean primary key default true check (singleton),
  overrides jsonb not null default '{}',
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);
insert into sync_mapping default values;

-- Kinds whose changes are given back: only those are listed.
create table sync_pushed (kind text primary key);

create table sync_runs (
  id uuid primary key,
  -- What is loaded anew: every object, or none.
  is_load boolean not null,
  requested_by text,
  job_id uuid,
  status text not null check (status in ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
  code text,
  error text,
  failures jsonb not null default '[]',
  wait_until timestamptz(3),
  records_created integer not null default 0,
  records_updated integer not null default 0,
  records_deleted integer not null default 0,
  records_given integer not null default 0,
  records_rejected integer not null default 0,
  conflicts integer not null default 0,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index sync_runs_open on sync_runs ((true)) where status in ('queued', 'running', 'waiting');
create index sync_runs_created on sync_runs (created_at);

-- Records that one side deleted: there, and thus here too; or here, which is told and not carried there.
create table sync_deletions (
  id uuid primary key,
  side text not null check (side in ('there', 'here')),
  object text not null,
  external_id text not null,
  kind text not null,
  local_id uuid not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index sync_deletions_created on sync_deletions (created_at);
