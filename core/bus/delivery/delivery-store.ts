import { AppError } from '@orchestrall/sdk';
import type { CoreStatements } from '../../database/transaction.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { fromRow } from '../envelope.ts';
import type { EventRow, StampedEvent } from '../envelope.ts';
import { envelopeColumns } from '../event-store.ts';

/** A subscription that this replica works on; `fence` is refused once another replica has taken it. */
export interface HeldSubscription {
  readonly id: number;
  readonly fence: number;
}

/** A subscription as it was taken: where to go on, and what is settled or parked above that. */
export interface TakenSubscription extends HeldSubscription {
  readonly cursor: number;
  readonly settled: ReadonlySet<number>;
  /** Keys with parked events. */
  readonly blockedKeys: ReadonlySet<string>;
}

/** The first parked event of a key. */
interface ParkedHead {
  readonly position: number;
  readonly attempts: number;
  readonly due: boolean;
  /** Undefined when the history no longer holds it. */
  readonly event: StampedEvent | undefined;
}

interface FailedAttempt {
  readonly position: number;
  readonly key: string;
  readonly error: string;
  /** `handler_failed` or `handler_timeout`. */
  readonly reason: string;
  readonly maxAttempts: number;
  readonly pauseMs: number;
}

interface CursorUpdate extends HeldSubscription {
  /** The cursor saved before; inbox rows between the two are trimmed. */
  readonly before: number;
  readonly cursor: number;
}

/** Whether an error says that another replica has taken the subscription. SQLSTATE OR001 is ours. */
export function isFenced(error: unknown): boolean {
  return error instanceof AppError && error.details['sqlstate'] === 'OR001';
}

/** Notes positions as handled within a handler's transaction; returns those that had not been. */
export async function acceptEvents(
  core: CoreStatements,
  held: HeldSubscription,
  positions: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await core.query<{ position: number }>({
    name: 'bus.accept',
    sql: 'select position from core.accept_events($1, $2, $3) as accepted (position)',
    parameters: [held.id, held.fence, positions],
  });
  return new Set(rows.map((row) => row.position));
}

/** Takes back accepted positions that are left to a later transaction. */
export async function releaseEvents(
  core: CoreStatements,
  held: HeldSubscription,
  positions: readonly number[],
): Promise<void> {
  await core.query('select core.release_events($1, $2, $3)', [held.id, held.fence, positions]);
}

/** Ends a parked delivery within the handler's transaction; false when it had ended before. */
export async function settleDelivery(
  core: CoreStatements,
  held: HeldSubscription,
  position: number,
): Promise<boolean> {
  const [row] = await core.query<{ settled: boolean }>('select core.settle_delivery($1, $2, $3) as settled', [
    held.id,
    held.fence,
    position,
  ]);
  return row?.settled === true;
}

/** Durable subscriptions in SQL, as the core. */
export interface DeliveryStore {
  /** Renews this replica's lease for `leaseMs` by the database's clock. */
  renew(replica: string, leaseMs: number): Promise<void>;
  take(replica: string, ids: readonly number[]): Promise<readonly TakenSubscription[]>;
  release(held: readonly HeldSubscription[]): Promise<void>;
  /** Saves cursors and trims the inbox; returns the ids that are still held. */
  saveCursors(updates: readonly CursorUpdate[]): Promise<ReadonlySet<number>>;
  park(held: HeldSubscription, entries: readonly { position: number; key: string }[]): Promise<void>;
  /** Counts a failed attempt; true when the event is now a dead letter. */
  fail(held: HeldSubscription, attempt: FailedAttempt): Promise<boolean>;
  head(held: HeldSubscription, key: string): Promise<ParkedHead | undefined>;
  /** Gives up a parked event whose content is gone. */
  forget(held: HeldSubscription, position: number): Promise<void>;
  /** Keys of these subscriptions with a parked event that is due. */
  dueKeys(ids: readonly number[]): Promise<readonly { id: number; key: string }[]>;
}

interface SubscriptionRow {
  readonly id: number;
  readonly fence: number;
  readonly cursor_position: number;
}

/** Builds the store on a database whose role is the core's. */
export function createDeliveryStore(database: ScopedDatabase): DeliveryStore {
  const settledAbove = async (rows: readonly SubscriptionRow[]): Promise<TakenSubscription[]> => {
    const ids = rows.map((row) => row.id);
    const [inbox, deliveries] = await Promise.all([
      database.query<{ id: number; position: number }>(
        'select i.subscription_id as id, i.position from core.inbox i where i.subscription_id = any ($1)',
        [ids],
      ),
      database.query<{ id: number; position: number; key: string }>(
        'select d.subscription_id as id, d.position, d.key from core.deliveries d where d.subscription_id = any ($1)',
        [ids],
      ),
    ]);
    return rows.map((row) => ({
      id: row.id,
      fence: row.fence,
      cursor: row.cursor_position,
      settled: new Set(
        [...inbox, ...deliveries]
          .filter((one) => one.id === row.id && one.position > row.cursor_position)
          .map((one) => one.position),
      ),
      blockedKeys: new Set(deliveries.filter((one) => one.id === row.id).map((one) => one.key)),
    }));
  };

  return {
    async renew(replica, leaseMs) {
      await database.query(
        `insert into core.replicas (id, lease_until)
         values ($1, clock_timestamp() + $2 * interval '1 millisecond')
         on conflict (id) do update set lease_until = excluded.lease_until`,
        [replica, leaseMs],
      );
    },
    async take(replica, ids) {
      const rows = await database.query<SubscriptionRow>(
        'select id, fence, cursor_position from core.take_subscriptions($1, $2)',
        [replica, ids],
      );
      return rows.length === 0 ? [] : settledAbove(rows);
    },
    async release(held) {
      await database.query(
        `update core.subscriptions s set holder = null
         from unnest($1::integer[], $2::bigint[]) as h (id, fence) where s.id = h.id and s.fence = h.fence`,
        [held.map((one) => one.id), held.map((one) => one.fence)],
      );
    },
    async saveCursors(updates) {
      const rows = await database.query<{ id: number }>({
        name: 'bus.save-cursors',
        sql: `with moved as (
            update core.subscriptions s set cursor_position = m.cursor, seen_at = now()
            from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[]) as m (id, fence, before, cursor)
            where s.id = m.id and s.fence = m.fence
            returning s.id, m.before, m.cursor
          ), trimmed as (
            delete from core.inbox i using moved m
            where i.subscription_id = m.id and i.position > m.before and i.position <= m.cursor
          )
          select id from moved`,
        parameters: [
          updates.map((one) => one.id),
          updates.map((one) => one.fence),
          updates.map((one) => one.before),
          updates.map((one) => one.cursor),
        ],
      });
      return new Set(rows.map((row) => row.id));
    },
    async park(held, entries) {
      await database.query('select core.park_events($1, $2, $3, $4)', [
        held.id,
        held.fence,
        entries.map((entry) => entry.position),
        entries.map((entry) => entry.key),
      ]);
    },
    async fail(held, attempt) {
      const [row] = await database.query<{ dead: boolean }>(
        'select core.fail_delivery($1, $2, $3, $4, $5, $6, $7, $8) as dead',
        [
          held.id,
          held.fence,
          attempt.position,
          attempt.key,
          attempt.error,
          attempt.reason,
          attempt.maxAttempts,
          attempt.pauseMs,
        ],
      );
      return row?.dead === true;
    },
    async head(held, key) {
      const [row] = await database.query<
        Omit<EventRow, 'id'> & { id: string | null; parked: number; attempts: number; due: boolean }
      >(
        `select d.position as parked, d.attempts, coalesce(d.next_at <= clock_timestamp(), false) as due,
           ${envelopeColumns}
         from core.deliveries d left join core.events e on e.position = d.position
         where d.subscription_id = $1 and d.key = $2 order by d.position limit 1`,
        [held.id, key],
      );
      if (row === undefined) return undefined;
      const event = row.id === null ? undefined : fromRow({ ...row, id: row.id });
      return { position: row.parked, attempts: row.attempts, due: row.due, event };
    },
    async forget(held, position) {
      await database.query('select core.settle_delivery($1, $2, $3)', [held.id, held.fence, position]);
    },
    dueKeys: (ids) =>
      database.query(
        `select distinct d.subscription_id as id, d.key from core.deliveries d
         where d.subscription_id = any ($1) and d.next_at <= clock_timestamp()`,
        [ids],
      ),
  };
}
