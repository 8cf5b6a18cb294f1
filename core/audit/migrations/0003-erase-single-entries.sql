-- Erases the content of single entries, as `core.erase_audit_entries` does for all entries about a subject.
create function core.erase_audit_items(erased_plugin text, ids uuid[]) returns void
language sql
as $$
  update core.audit_entries e set
    before_digest = sha256(convert_to(e.before::text, 'UTF8')), before = null,
    after_digest = sha256(convert_to(e.after::text, 'UTF8')), after = null,
    erased_at = clock_timestamp()
  where e.plugin = erased_plugin and e.id = any (ids) and e.erased_at is null
$$;

-- What the planner remembers of columns are values of them, which an erasure would have to reach; nothing is planned by
-- these.
alter table core.audit_entries alter column before set statistics 0, alter column after set statistics 0;
