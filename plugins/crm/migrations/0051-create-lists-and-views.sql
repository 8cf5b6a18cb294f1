create table lists (
  id uuid primary key,
  name text not null,
  kind text not null,
  shared text not null check (shared in ('own', 'team', 'everyone')),
  owner_id text,
  team_id text,
  type text not null check (type in ('static', 'dynamic')),
  filter jsonb,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);

-- An id belongs to a record of one table only, so it alone says which record it is.
create table list_members (
  list_id uuid not null references lists (id) on delete cascade,
  record_id uuid not null,
  primary key (list_id, record_id)
);
create index list_members_record on list_members (record_id);

create table views (
  id uuid primary key,
  name text not null,
  kind text not null,
  shared text not null check (shared in ('own', 'team', 'everyone')),
  owner_id text,
  team_id text,
  filter jsonb,
  sort text,
  fields text[] not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1
);

create table view_defaults (
  user_id text not null,
  kind text not null,
  view_id uuid not null references views (id) on delete cascade,
  primary key (user_id, kind)
);
create index view_defaults_view on view_defaults (view_id);
