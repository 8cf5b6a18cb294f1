-- The content of an entry can be erased; that it was there, by whom and when, stays, and so do the digests of its content,
-- by which a chain over the entries holds.
alter table core.audit_entries
  add column before_digest bytea,
  add column after_digest bytea,
  add column erased_at timestamptz;

create function core.erase_audit_entries(erased_plugin text, subject_types text[], subject_ids text[]) returns void
language sql
as $$
  update core.audit_entries e set
    before_digest = sha256(convert_to(e.before::text, 'UTF8')), before = null,
    after_digest = sha256(convert_to(e.after::text, 'UTF8')), after = null,
    erased_at = clock_timestamp()
  from unnest(subject_types, subject_ids) as erased (type, id)
  where e.plugin = erased_plugin and e.subject_type = erased.type and e.subject_id = erased.id and e.erased_at is null
$$;

create or replace function core.keep_audit_entry() returns trigger language plpgsql as $$
declare
  content constant text[] := array['before', 'after', 'before_digest', 'after_digest', 'erased_at'];
begin
  if tg_op = 'UPDATE' and old.position is null and to_jsonb(new) - 'position' = to_jsonb(old) - 'position' then
    return new;
  end if;
  if tg_op = 'UPDATE' and old.erased_at is null and new.erased_at is not null
    and new.before is null and new.after is null
    and new.before_digest is not distinct from sha256(convert_to(old.before::text, 'UTF8'))
    and new.after_digest is not distinct from sha256(convert_to(old.after::text, 'UTF8'))
    and to_jsonb(new) - content = to_jsonb(old) - content then
    return new;
  end if;
  raise exception 'audit entries are never changed' using errcode = 'insufficient_privilege';
end
$$;
