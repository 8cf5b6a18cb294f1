-- Changes of many records by a filter, each carried out by a job; instants are given on the wire, in milliseconds.
create table bulk_changes (
  id uuid primary key,
  resource text not null,
  action text not null check (action in ('update', 'delete')),
  -- Which records, as a list is asked for them.
  request jsonb not null,
  -- A JSON merge patch; null for a deletion.
  patch jsonb,
  status text not null default 'queued'
    check (status in ('queued', 'running', 'completed', 'cancelled', 'failed', 'undoing', 'undone')),
  reason text,
  -- Who asked, with the rights of then.
  caller jsonb not null,
  undo_caller jsonb,
  -- How many records there were when the change began; null before.
  matched bigint,
  changed bigint not null default 0,
  unchanged bigint not null default 0,
  failed bigint not null default 0,
  undone bigint not null default 0,
  kept bigint not null default 0,
  job_id uuid not null,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  undo_until timestamptz(3),
  -- When the states from before were forgotten.
  swept_at timestamptz(3)
);
create index bulk_changes_newest on bulk_changes (resource, id desc);

-- The records of a change, fixed when it begins, what became of each, and what an undo puts back. Without a foreign key,
-- since a million of them are written at once.
create table bulk_items (
  bulk_id uuid not null,
  record_id uuid not null,
  -- Null until its turn has come.
  outcome text check (outcome in ('changed', 'unchanged', 'failed', 'undone', 'kept')),
  before jsonb,
  -- An undo leaves alone what has been changed since; null where the record is gone.
  version_after integer,
  reason text,
  primary key (bulk_id, record_id)
);
create index bulk_items_refused on bulk_items (bulk_id, record_id) where outcome in ('failed', 'kept');
