-- Copies of all that is held about a person, made on demand; they go with their time, and with the person.
create table personal_data_exports (
  id uuid primary key,
  contact_id uuid not null,
  status text not null check (status in ('queued', 'running', 'completed', 'failed')),
  reason text,
  requested_by text not null,
  bytes bigint not null default 0,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  expires_at timestamptz(3) not null
);
create index personal_data_exports_contact on personal_data_exports (contact_id);
create index personal_data_exports_expiry on personal_data_exports (expires_at);

create table personal_data_pieces (
  export_id uuid not null references personal_data_exports (id) on delete cascade,
  place integer not null,
  data text not null,
  primary key (export_id, place)
);

create table erasures (
  id uuid primary key,
  contact_ids uuid[] not null,
  cause text not null check (cause in ('request', 'retention')),
  status text not null check (status in ('queued', 'running', 'completed', 'failed')),
  -- Steps that are done.
  done integer not null default 0,
  -- What the person is looked for by, until the last step has been done.
  person jsonb,
  -- Counts by place.
  places jsonb not null default '[]',
  not_reached jsonb not null default '[]',
  waits_for text,
  requested_by text not null,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3)
);

create table retention_runs (
  id uuid primary key,
  counts jsonb not null,
  created_at timestamptz(3) not null default now()
);

-- What the planner remembers of columns are values of them, and stays when a table is emptied. Nothing is planned by these.
alter table import_chunks alter column data set statistics 0;
alter table import_errors alter column reason set statistics 0, alter column cells set statistics 0;
alter table import_trials
  alter column unique_key set statistics 0, alter column given set statistics 0, alter column refers set statistics 0;
alter table imports alter column header set statistics 0, alter column ignored_columns set statistics 0;
alter table sync_links alter column base set statistics 0, alter column kept set statistics 0;
alter table sync_conflicts
  alter column local set statistics 0, alter column remote set statistics 0, alter column base set statistics 0;
alter table sync_rejections alter column reason set statistics 0;
alter table timeline_entries
  alter column title set statistics 0, alter column text set statistics 0, alter column link set statistics 0,
  alter column changes set statistics 0;
alter table activities
  alter column subject set statistics 0, alter column body set statistics 0, alter column outcome set statistics 0,
  alter column records set statistics 0;
alter table associations alter column role set statistics 0;
alter table lists alter column name set statistics 0, alter column filter set statistics 0;
alter table views alter column name set statistics 0, alter column filter set statistics 0;
alter table personal_data_pieces alter column data set statistics 0;
alter table erasures alter column person set statistics 0;
