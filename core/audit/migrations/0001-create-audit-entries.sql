-- One row for each change, written by the transaction that makes it. Rows are not chained here: a chain in the
-- change's transaction would make its head row the ceiling of the whole product. A sealer chains committed rows
-- later, by `position`, which it alone assigns.
create table core.audit_entries (
  id uuid primary key,
  at timestamptz not null default clock_timestamp(),
  plugin text not null,
  action text not null,
  subject_type text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  actor_kind text not null check (actor_kind in ('user', 'service', 'system')),
  actor_id text not null,
  actor_name text not null,
  remote_address text,
  correlation_id text,
  position bigint
);
create index audit_entries_by_subject on core.audit_entries (subject_type, subject_id, id);
create index audit_entries_by_actor on core.audit_entries (actor_id, id);

-- An entry is never changed or removed; the one exception is the first assignment of its position.
create function core.keep_audit_entry() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.position is null and to_jsonb(new) - 'position' = to_jsonb(old) - 'position' then
    return new;
  end if;
  raise exception 'audit entries are never changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger keep_audit_entry before update or delete on core.audit_entries
  for each row execute function core.keep_audit_entry();
create trigger keep_audit_entries before truncate on core.audit_entries
  for each statement execute function core.keep_audit_entry();
