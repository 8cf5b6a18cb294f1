-- What must be known of a plugin across restarts and replicas.
create table plugins (
  name text primary key,
  -- Highest version whose migrations have been applied, and how far back code may go over them.
  highest_version text,
  rollback_floor text,
  previous_version text,
  -- A rollback: stay at hold_version until something newer than hold_above arrives.
  hold_version text,
  hold_above text,
  check ((hold_version is null) = (hold_above is null))
);

-- Every distinct desired state there has been, newest last.
create table desired_states (
  revision bigint generated always as identity primary key,
  recorded_at timestamptz not null default clock_timestamp(),
  recorded_by text,
  -- By plugin name: enabled, provider and a hash of its configuration; no configuration, for secrets may be in it.
  plugins jsonb not null
);
