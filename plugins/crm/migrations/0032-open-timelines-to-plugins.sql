alter table timeline_entries
  drop constraint timeline_entries_kind_check,
  drop constraint timeline_entries_subject_type_check,
  add column title text,
  add column link text,
  -- Which plugin made it, and the name it has there; both are missing for what CRM itself writes.
  add column source text,
  add column key text,
  add column occurred_at timestamptz(3);
update timeline_entries set occurred_at = created_at;
alter table timeline_entries
  alter column occurred_at set not null,
  drop column created_at;
drop index timeline_entries_subject;
create index timeline_entries_subject on timeline_entries (subject_id, occurred_at, id);
create unique index timeline_entries_key on timeline_entries (subject_id, source, key) where key is not null;
