-- People who sign in. `id` is a UUIDv7 as text and the `sub` of their tokens.
create table auth_users (
  id text primary key,
  name text not null unique,
  email text,
  password_hash text not null,
  roles text[] not null,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Programs that get tokens. `id` is the `sub` of their service account; only a hash of the secret is kept.
create table auth_clients (
  id text primary key,
  client_id text not null unique,
  name text not null,
  public boolean not null,
  built_in boolean not null default false,
  secret_hash text,
  redirect_uris text[] not null,
  post_logout_redirect_uris text[] not null,
  roles text[] not null,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Sessions, grants, codes and tokens of the identity provider, by kind. `id` is hashed for those whose id is a secret.
create table auth_artifacts (
  kind text not null,
  id text not null,
  payload jsonb not null,
  account_id text,
  client_id text,
  grant_id text,
  session_uid text,
  consumed_at timestamptz,
  expires_at timestamptz not null,
  primary key (kind, id)
);
create index auth_artifacts_grant on auth_artifacts (grant_id) where grant_id is not null;
create index auth_artifacts_account on auth_artifacts (account_id) where account_id is not null;
create index auth_artifacts_client on auth_artifacts (client_id) where client_id is not null;
create index auth_artifacts_session on auth_artifacts (session_uid) where session_uid is not null;
create index auth_artifacts_expiry on auth_artifacts (expires_at);

-- Access tokens that are refused although they have not expired yet.
create table auth_revocations (
  jti text primary key,
  expires_at timestamptz not null
);
create index auth_revocations_expiry on auth_revocations (expires_at);

-- Signing keys and the cookie key, sealed with the appliance key. Retired signing keys verify until `retires_at`.
create table auth_keys (
  kid text primary key,
  purpose text not null check (purpose in ('signing', 'cookies')),
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  retires_at timestamptz
);
create unique index auth_keys_current on auth_keys (purpose) where retires_at is null;

-- Failed sign-ins by user and by address.
create table auth_attempts (
  key text primary key,
  failures integer not null,
  last_at timestamptz not null,
  blocked_until timestamptz
);
