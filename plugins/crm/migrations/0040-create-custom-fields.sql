-- Fields that administrators add. Their values stand in columns of the kinds' own tables, added when a field is.
create table custom_fields (
  id uuid primary key,
  -- Table of the kind of record.
  object text not null,
  name text not null,
  label text not null,
  description text,
  type text not null,
  required boolean not null,
  is_unique boolean not null,
  indexed boolean not null,
  searchable boolean not null,
  -- What is said of the values, as far as the type has it.
  settings jsonb not null,
  position integer not null,
  -- A removed field keeps its columns until it is purged.
  removed_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  unique (object, name)
);
