create table activities (
  id uuid primary key,
  type text not null check (type in ('call', 'meeting', 'email', 'note', 'task')),
  subject text,
  body text,
  starts_at timestamptz(3),
  ends_at timestamptz(3),
  due_at timestamptz(3),
  status text check (status in ('open', 'done', 'cancelled')),
  done_at timestamptz(3),
  reminder_at timestamptz(3),
  direction text check (direction in ('inbound', 'outbound')),
  outcome text,
  -- What it is about, with roles, as it is answered; `activity_records` has the same to be found by.
  records jsonb not null default '[]',
  author_id text,
  author_name text,
  owner_id text,
  team_id text,
  tags text[] not null default '{}',
  search tsvector not null,
  -- The instant of the reminder that was told last.
  reminded_for timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  occurred_at timestamptz(3) not null generated always as (coalesce(starts_at, due_at, created_at)) stored
);
create index activities_occurred on activities (occurred_at, id);
create index activities_created on activities (created_at, id);
create index activities_updated on activities (updated_at, id);
create index activities_owner on activities (owner_id, id);
create index activities_team on activities (team_id, id);
create index activities_due on activities (due_at, id) where due_at is not null;
create index activities_owner_due on activities (owner_id, due_at, id) where due_at is not null;
-- Most tasks of the past are done: what is left to do is found without them.
create index activities_open on activities (due_at, id) where status = 'open';
create index activities_owner_open on activities (owner_id, due_at, id) where status = 'open';
create index activities_reminder on activities (reminder_at, id)
  where reminder_at is distinct from reminded_for and (status is null or status = 'open');
create index activities_tags on activities using gin (tags) with (gin_pending_list_limit = 256);
create index activities_search on activities using gin (search) with (gin_pending_list_limit = 256);
-- How many activities have a word decides whether they are found by it or along their order.
alter table activities alter column search set statistics 500;

create table activity_records (
  activity_id uuid not null references activities (id) on delete cascade,
  record_id uuid not null,
  occurred_at timestamptz(3) not null,
  primary key (activity_id, record_id)
);
create index activity_records_record on activity_records (record_id, occurred_at, activity_id);

-- Notes were entries of timelines.
insert into activities (id, type, body, records, author_id, author_name, search, created_at, updated_at)
  select id, 'note', text, jsonb_build_array(jsonb_build_object('kind', subject_type, 'id', subject_id, 'role', null)),
    actor_id, actor_name,
    -- Words stand behind the code of their field (words/field-code.ts).
    array_to_tsvector(array(
      select distinct substr(translate(encode(sha256(convert_to('body', 'UTF8')), 'base64'), '+/', '-_'), 1, 3) || left(word, 250)
      from regexp_split_to_table(lower(normalize(text, NFKC)), '[^[:alnum:]]+') as word where word <> '')),
    created_at, created_at
  from timeline_entries where kind = 'note';
insert into activity_records (activity_id, record_id, occurred_at)
  select id, subject_id, created_at from timeline_entries where kind = 'note';
delete from timeline_entries where kind = 'note';
