-- One row per flag that the client's YAML or an administrator has ever set.
create table flags (
  name text primary key,
  yaml_enabled boolean,
  yaml_changed_at timestamptz,
  admin_enabled boolean,
  admin_changed_at timestamptz,
  admin_by text,
  killed_at timestamptz,
  killed_by text,
  check ((yaml_enabled is null) = (yaml_changed_at is null)),
  check ((admin_enabled is null) = (admin_changed_at is null))
);
