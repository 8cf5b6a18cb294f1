-- Takes the data out of the events of one source about these subjects. The relay's lock is held meanwhile, so that none
-- is on its way from the outbox to the history. Envelopes and positions stay: the history has no gap.
create function core.erase_events(erased_source text, subjects text[]) returns void
language plpgsql
as $$
begin
  perform 1 from core.relay for update;
  update core.outbox set type = 'event.erased', data = json_build_object('type', type)
  where source = erased_source and subject = any (subjects);
  update core.events set type = 'event.erased', data = json_build_object('type', type)
  where source = erased_source and subject = any (subjects) and type <> 'event.erased';
  update core.dead_letters set type = 'event.erased', data = json_build_object('type', type), error = 'erased'
  where source = erased_source and subject = any (subjects) and type <> 'event.erased';
  update core.deliveries set error = null where error is not null and position in (
    select e.position from core.events e where e.source = erased_source and e.subject = any (subjects)
  );
  -- Each replica then forgets what it holds in memory.
  perform pg_notify('orchestrall_events', 'erased');
end
$$;
