-- Every configuration that has been in force, newest last. No secret is in it: values of secrets are masked.
create table configuration_versions (
  version bigint generated always as identity primary key,
  applied_at timestamptz not null default clock_timestamp(),
  author text,
  file text,
  hash text not null,
  -- What differs from the version before: path, change, applies, before, after.
  differences jsonb not null,
  -- Paths that wait for a restart.
  waiting jsonb not null
);
