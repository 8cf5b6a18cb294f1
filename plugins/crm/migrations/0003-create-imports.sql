create table imports (
  id uuid primary key,
  object text not null check (object in ('contacts', 'companies')),
  key text not null,
  -- `uploading` is never shown: such a row is an upload in progress or what a broken one left.
  status text not null
    check (status in ('uploading', 'queued', 'running', 'completed', 'failed', 'cancelled')),
  reason text,
  job_id uuid,
  header text[],
  ignored_columns text[] not null default '{}',
  bytes_total bigint not null default 0,
  bytes_done bigint not null default 0,
  rows_total bigint not null default 0,
  rows_created bigint not null default 0,
  rows_updated bigint not null default 0,
  rows_failed bigint not null default 0,
  actor_id text,
  actor_name text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  finished_at timestamptz(3)
);
create index imports_uploading on imports (updated_at) where status = 'uploading';

create table import_chunks (
  import_id uuid not null references imports (id) on delete cascade,
  -- Bytes of the file before this piece.
  start bigint not null,
  data bytea not null,
  primary key (import_id, start)
);
-- Compressing what is read once costs more than it saves.
alter table import_chunks alter column data set storage external;

create table import_errors (
  import_id uuid not null references imports (id) on delete cascade,
  line bigint not null,
  reason text not null,
  cells text[] not null,
  primary key (import_id, line)
);
