-- An import may wait for its mapping, and be tried out, before it writes.
alter table imports
  drop constraint imports_object_check,
  drop constraint imports_status_check,
  add constraint imports_status_check check (status in
    ('uploading', 'uploaded', 'checking', 'checked', 'queued', 'running', 'completed', 'failed', 'cancelled')),
  -- How the file is written; imports from before are UTF-8 with commas.
  add column format jsonb not null default
    '{"encoding":"utf-8","byte_order_mark":false,"delimiter":"comma","quote":"double","line_end":"lf"}',
  add column mapping json not null default '{}',
  add column source text,
  -- Roles and teams of whoever started it: what it may see and write holds for the import.
  add column caller jsonb,
  add column missing_references text not null default 'leave_empty'
    check (missing_references in ('create', 'leave_empty', 'fail'));

-- What a dry run would have written by now, by key, so that later rows of the file meet it.
create table import_trials (
  import_id uuid not null references imports (id) on delete cascade,
  key text not null,
  -- What the row has in the kind's unique field, where that is another one.
  unique_key text,
  given json not null,
  refers json not null,
  primary key (import_id, key)
);
create index import_trials_unique on import_trials (import_id, unique_key) where unique_key is not null;
