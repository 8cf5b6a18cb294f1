-- Puts events back into the history that were removed from it while their dead letters were kept: replayed without
-- them, such a letter would be gone and nothing delivered. Who was to see them is no longer known, so nobody finds them
-- in the history; their subscriptions do.
insert into core.events (position, id, source, type, subject, time, data, correlation_id, visible_to)
select distinct on (l.position)
  l.position, l.event_id, l.source, l.type, l.subject, l.time, l.data, l.correlation_id, '{}'::text[]
from core.dead_letters l
where not exists (select from core.events e where e.position = l.position)
order by l.position
on conflict do nothing;
