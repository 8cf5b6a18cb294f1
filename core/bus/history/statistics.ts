import type { ScopedDatabase } from '../../database/scoped-database.ts';

/** One durable subscription as it stands. */
export interface SubscriptionStatistics {
  readonly plugin: string;
  readonly subscription: string;
  readonly pattern: string;
  /** Everything up to this position is settled. */
  readonly cursor: number;
  /** Positions given and not yet settled, matching or not. */
  readonly lag: number;
  /** Replica that works on it; null while its plugin is off. */
  readonly replica: string | null;
  /** Events that failed and wait for their next attempt, and those behind them. */
  readonly parked: number;
  readonly dead_letters: number;
}

/** How much has happened, and how far the subscriptions are. */
export interface EventStatistics {
  /** Highest position given. */
  readonly head: number;
  /** Lowest position the history still holds. */
  readonly oldest: number;
  /** Committed events that have no position yet. */
  readonly unstamped: number;
  /** Events of the last hours by type, most first. */
  readonly by_type: readonly { readonly type: string; readonly count: number }[];
  /** Events of the last hours by hour, RFC 3339, ascending; hours without events are left out. */
  readonly by_hour: readonly { readonly hour: string; readonly count: number }[];
  readonly subscriptions: readonly SubscriptionStatistics[];
}

/** Counts over the last `hours` (1 to 720, default 24). */
export async function readStatistics(database: ScopedDatabase, hours = 24): Promise<EventStatistics> {
  const since = Math.min(Math.max(Math.trunc(hours), 1), 720);
  const [relay, byType, byHour, subscriptions] = await Promise.all([
    database.query<{ head: number; oldest: number; unstamped: number }>(
      'select r.head, r.oldest, (select count(*) from core.outbox) as unstamped from core.relay r',
    ),
    database.query<{ type: string; count: number }>(
      `select e.type, count(*) as count from core.events e
       where e.time >= now() - $1 * interval '1 hour' group by e.type order by count desc, e.type`,
      [since],
    ),
    database.query<{ hour: string; count: number }>(
      `select core.envelope_time(date_trunc('hour', e.time)) as hour, count(*) as count from core.events e
       where e.time >= now() - $1 * interval '1 hour' group by 1 order by 1`,
      [since],
    ),
    database.query<SubscriptionStatistics>(
      `select s.owner as plugin, s.name as subscription, s.pattern, s.cursor_position as cursor,
         r.head - s.cursor_position as lag, s.holder as replica,
         (select count(*) from core.deliveries d where d.subscription_id = s.id) as parked,
         (select count(*) from core.dead_letters l where l.subscription_id = s.id) as dead_letters
       from core.subscriptions s cross join core.relay r order by s.owner, s.name`,
    ),
  ]);
  const { head, oldest, unstamped } = relay[0] ?? { head: 0, oldest: 1, unstamped: 0 };
  return { head, oldest, unstamped, by_type: byType, by_hour: byHour, subscriptions };
}
