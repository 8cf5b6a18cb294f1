-- Removes a batch of the oldest events and moves the promised beginning of the history behind them. What is parked or
-- dead-lettered stays, since its content is read from here when it is delivered once more.
create or replace function core.trim_events(retention_days double precision, max_rows integer)
returns table (removed integer, looked integer)
language plpgsql
as $$
declare
  bound bigint;
  first_kept bigint;
begin
  -- Lowest position that a subscription in use still needs.
  select least(min(s.cursor_position), (select r.head from core.relay r)) into bound from core.subscriptions s
  where s.seen_at > now() - retention_days * interval '1 day' or s.holder is not null;
  if bound is null then select r.head into bound from core.relay r; end if;

  -- The scan begins at the promised beginning: what is kept below it stays without being looked at again.
  select count(*), max(o.position) filter (where o.old) + 1 into looked, first_kept
  from (
    select e.position, bool_and(e.time < now() - retention_days * interval '1 day' and e.position <= bound)
      over (order by e.position) as old
    from (
      select e.position, e.time from core.events e, core.relay r
      where e.position >= r.oldest order by e.position limit max_rows
    ) e
  ) o;
  removed := 0;
  if first_kept is null then
    looked := 0;
    return next;
    return;
  end if;
  update core.relay r set oldest = greatest(r.oldest, first_kept);
  delete from core.events e where e.position < first_kept
    and not exists (select from core.deliveries d where d.position = e.position)
    and not exists (select from core.dead_letters l where l.position = e.position);
  get diagnostics removed = row_count;
  return next;
end
$$;
