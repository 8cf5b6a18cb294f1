-- Documents of all plugins. A plugin's role has no right here: the core reads and writes for it and puts the
-- plugin's name into every statement itself.
--
-- A deleted or expired document leaves its row without a value for a day, so that its version goes on: a writer that
-- still holds an old version is refused although the key was made anew in between.
create table core.state (
  plugin text not null,
  key text collate "C" not null,
  value jsonb,
  version bigint not null,
  updated_at timestamptz not null default clock_timestamp(),
  -- when the document, or the row without a value, goes
  expires_at timestamptz,
  primary key (plugin, key)
) with (fillfactor = 80);
create index state_by_expiry on core.state (expires_at) where expires_at is not null;

-- Tells every replica of changes, with the commit that makes them. The payload is only the key: readers look for
-- themselves, so the order and number of notifications do not matter.
create function core.tell_state() returns trigger language plpgsql as $$
begin
  perform pg_notify('orchestrall_state', new.plugin || ' ' || new.key);
  return null;
end
$$;
create trigger tell_state after insert or update on core.state for each row execute function core.tell_state();
