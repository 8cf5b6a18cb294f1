-- Takes the data out of single events of one source, as `core.erase_events` does for all events about a subject.
create function core.erase_event_items(erased_source text, ids uuid[]) returns void
language plpgsql
as $$
begin
  perform 1 from core.relay for update;
  update core.outbox set type = 'event.erased', data = json_build_object('type', type)
  where source = erased_source and id = any (ids);
  update core.events set type = 'event.erased', data = json_build_object('type', type)
  where source = erased_source and id = any (ids) and type <> 'event.erased';
  update core.dead_letters set type = 'event.erased', data = json_build_object('type', type), error = 'erased'
  where source = erased_source and event_id = any (ids) and type <> 'event.erased';
  update core.deliveries set error = null where error is not null and position in (
    select e.position from core.events e where e.source = erased_source and e.id = any (ids)
  );
  perform pg_notify('orchestrall_events', 'erased');
end
$$;
