-- Users who work together. `id` is a UUIDv7 as text, `name_key` the name without regard to case.
create table auth_teams (
  id text primary key,
  name text not null,
  name_key text collate "C" not null unique,
  description text,
  lead_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table auth_team_members (
  team_id text not null references auth_teams on delete cascade,
  user_id text not null references auth_users on delete cascade,
  added_at timestamptz not null default now(),
  primary key (team_id, user_id)
);
create index auth_team_members_user on auth_team_members (user_id);

-- Only a member leads, and who is a member no longer leads no longer.
alter table auth_teams add constraint auth_teams_lead
  foreign key (id, lead_id) references auth_team_members (team_id, user_id) on delete set null (lead_id);

-- One row: whoever changes teams holds its lock, and every replica sees by its number that something has changed.
create table auth_team_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null default 0
) with (fillfactor = 10);
insert into auth_team_version default values;

create function core.auth_teams_changed() returns trigger
language plpgsql
as $$
begin
  update core.auth_team_version set version = version + 1;
  return null;
end
$$;
create trigger auth_teams_changed after insert or update or delete on auth_teams
  for each statement execute function core.auth_teams_changed();
create trigger auth_team_members_changed after insert or update or delete on auth_team_members
  for each statement execute function core.auth_teams_changed();
