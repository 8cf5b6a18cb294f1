-- One table for contacts and companies: an id belongs to one of them only, so it alone finds the entries.
create table timeline_entries (
  id uuid primary key,
  subject_type text not null check (subject_type in ('contact', 'company')),
  subject_id uuid not null,
  kind text not null check (kind in ('created', 'changed', 'note')),
  text text,
  changes jsonb,
  actor_id text,
  actor_name text,
  created_at timestamptz(3) not null default now()
);
create index timeline_entries_subject on timeline_entries (subject_id, id desc);
