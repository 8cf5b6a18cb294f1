alter table contacts
  add column owner_id text,
  add column team_id text,
  add column first_name_key text,
  add column last_name_key text;
alter table companies
  add column owner_id text,
  add column team_id text,
  add column parent_id uuid references companies (id);

-- Names of records from before are folded as far as PostgreSQL can, and wholly when they are written again.
update contacts set first_name_key = lower(normalize(first_name, NFKC)), last_name_key = lower(normalize(last_name, NFKC));

create index contacts_last_name on contacts (last_name_key, id);
create index contacts_created on contacts (created_at, id);
create index contacts_updated on contacts (updated_at, id);
create index contacts_owner on contacts (owner_id, id);
create index contacts_team on contacts (team_id, id);
drop index companies_name_key;
create index companies_name on companies (name_key, id);
create index companies_created on companies (created_at, id);
create index companies_updated on companies (updated_at, id);
create index companies_owner on companies (owner_id, id);
create index companies_team on companies (team_id, id);
create index companies_parent on companies (parent_id, id);
