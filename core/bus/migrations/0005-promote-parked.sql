-- Parks events behind a failing one of their key. What the inbox holds has been handled, by a commit whose answer was
-- lost. When the failing one has ended meanwhile, nobody but this would let the first of those parked be tried.
create or replace function core.park_events(subscription integer, held_fence bigint, positions bigint[], keys text[])
returns void
language plpgsql
as $$
begin
  perform core.hold_subscription(subscription, held_fence);
  insert into core.deliveries (subscription_id, position, key)
  select subscription, p.position, p.key from unnest(positions, keys) as p (position, key)
  where not exists (
    select from core.inbox i where i.subscription_id = subscription and i.position = p.position
  )
  on conflict do nothing;
  perform core.promote_key(subscription, k.key) from (select distinct u.key from unnest(keys) as u (key)) k;
end
$$;
