import { createId } from '@orchestrall/sdk';
import type { Log, Transaction } from '@orchestrall/sdk';
import { erasedType } from '../../bus/erasure.ts';
import { createMatcher } from '../../bus/pattern.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { maxWaiting, patienceHours } from '../limits.ts';
import { ensureSending } from './sending-job.ts';

/** A webhook that has not seen all of the history. */
interface Behind {
  readonly id: string;
  readonly patterns: readonly string[];
  readonly cursor_position: number;
  readonly head: number;
  readonly oldest: number;
}

interface Seen {
  readonly position: number;
  readonly id: string;
  readonly type: string;
}

/** What a webhook gets of a stretch of the history. */
interface Share {
  readonly webhook: Behind;
  readonly through: number;
  readonly events: readonly Seen[];
}

/** Events looked at in one transaction. */
const stretch = 1_000;
const maxMatchers = 1_000;

/**
 * Turns new events into deliveries: of each webhook that is active, those that match, exactly once, since its place in
 * the history moves in the same transaction. Only types and positions are read. Resolves with whether there is more.
 */
export function createFeed(database: ScopedDatabase, log: Log): () => Promise<boolean> {
  const matchers = new Map<string, (type: string) => boolean>();
  const matches = (pattern: string, type: string): boolean => {
    let matcher = matchers.get(pattern);
    if (matcher === undefined) {
      if (matchers.size >= maxMatchers) matchers.clear();
      matcher = createMatcher(pattern);
      matchers.set(pattern, matcher);
    }
    return matcher(type);
  };

  const shareOf = (webhook: Behind, seen: readonly Seen[]): Share => {
    if (webhook.cursor_position < webhook.oldest - 1) {
      const { id, cursor_position: position, oldest } = webhook;
      log.warn(
        { webhook_id: id, position, oldest },
        'a webhook stood still for longer than the history is kept; it goes on at its beginning',
      );
    }
    const last = seen.at(-1);
    return {
      webhook,
      through: last !== undefined && seen.length === stretch ? last.position : webhook.head,
      events: seen.filter(
        ({ type }) => type !== erasedType && webhook.patterns.some((pattern) => matches(pattern, type)),
      ),
    };
  };

  return () =>
    database.transaction(async (tx) => {
      const behind = await tx.query<Behind>(
        `select w.id, w.patterns, w.cursor_position, r.head, r.oldest
         from core.webhooks w cross join core.relay r
         where w.status = 'active' and w.cursor_position < r.head and w.waiting < $1
         order by w.id for update of w`,
        [maxWaiting],
      );
      const shares: Share[] = [];
      // Those that keep up stand at the same place and are fed from one look.
      for (const [after, webhooks] of Map.groupBy(behind, (webhook) => webhook.cursor_position)) {
        const head = Math.min(...webhooks.map((webhook) => webhook.head));
        const seen = await tx.query<Seen>({
          name: 'webhooks.look',
          sql: `select position, id, type from core.events where position > $1 and position <= $2
            order by position limit $3`,
          parameters: [after, head, stretch],
        });
        shares.push(...webhooks.map((webhook) => shareOf({ ...webhook, head }, seen)));
      }
      if (shares.length > 0) await store(tx, shares);
      return shares.some(({ through, webhook }) => through < webhook.head);
    });
}

async function store(tx: Transaction, shares: readonly Share[]): Promise<void> {
  const deliveries = shares.flatMap(({ webhook, events }) => events.map((event) => ({ webhook, event })));
  if (deliveries.length > 0) {
    await tx.query(
      `insert into core.webhook_deliveries
         (id, webhook_id, position, event_id, event_type, status, next_at, expires_at)
       select d.id, d.webhook, d.position, d.event, d.type, 'pending', clock.at, clock.at + $6 * interval '1 hour'
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[])
         as d (id, webhook, position, event, type), (select clock_timestamp() as at) clock`,
      [
        deliveries.map(() => createId()),
        deliveries.map(({ webhook }) => webhook.id),
        deliveries.map(({ event }) => event.position),
        deliveries.map(({ event }) => event.id),
        deliveries.map(({ event }) => event.type),
        patienceHours,
      ],
    );
  }
  await tx.query(
    `update core.webhooks w set cursor_position = s.through, waiting = w.waiting + s.count
     from unnest($1::uuid[], $2::bigint[], $3::integer[]) as s (id, through, count) where w.id = s.id`,
    [
      shares.map(({ webhook }) => webhook.id),
      shares.map(({ through }) => through),
      shares.map(({ events }) => events.length),
    ],
  );
  const fed = shares.filter(({ events }) => events.length > 0).map(({ webhook }) => webhook.id);
  await ensureSending(tx, fed);
}
