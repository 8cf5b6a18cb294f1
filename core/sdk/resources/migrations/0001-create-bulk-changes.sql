-- Changes of many records by a filter, each carried out by a job; instants are given on the wire, in milliseconds.
create table bulk_changes (
  id uuid primary key,
  resource text not null,
  action text not null check (action in ('update', 'delete')),
  filter jsonb not null,
  -- A JSON merge patch; null for a deletion.
  patch jsonb,
  status text not null,
  requested_by text,
  requested_name text,
  -- How many records the filter met when the change began.
  matched bigint not null default 0,
  done bigint not null default 0,
  failed bigint not null default 0,
  job_id uuid,
  undo_job_id uuid,
  undo_until timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  finished_at timestamptz(3)
);
create index bulk_changes_newest on bulk_changes (resource, created_at desc, id desc);

-- What became of each record, and what an undo puts back.
create table bulk_items (
  bulk_id uuid not null references bulk_changes on delete cascade,
  record_id uuid not null,
  before jsonb not null,
  -- An undo leaves alone what has been changed since; null where the record is gone.
  version_after integer,
  outcome text,
  reason text,
  primary key (bulk_id, record_id)
);
