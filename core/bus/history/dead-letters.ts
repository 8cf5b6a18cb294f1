import type { Transaction } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { busError } from '../errors.ts';

/** An event that a subscription gave up on. */
export interface DeadLetter {
  readonly id: number;
  /** The plugin that owns the subscription. */
  readonly plugin: string;
  readonly subscription: string;
  readonly position: number;
  readonly event_id: string;
  readonly type: string;
  readonly subject: string | null;
  readonly source: string;
  /** Of the event, RFC 3339. */
  readonly time: string;
  readonly data: unknown;
  readonly correlation_id: string | null;
  readonly attempts: number;
  /** `handler_failed` or `handler_timeout`: how the last attempt ended. */
  readonly reason: string;
  /** Name and message of the last error. */
  readonly error: string;
  /** RFC 3339. */
  readonly dead_at: string;
}

/** Which dead letters; all conditions hold together. */
export interface DeadLetterFilter {
  readonly plugin?: string;
  readonly subscription?: string;
  readonly type?: string;
}

/** One page of dead letters; `next_cursor` is null at the end. */
export interface DeadLetterPage {
  readonly items: readonly DeadLetter[];
  readonly next_cursor: string | null;
}

/** Told, in the transaction of a change, what came of it, so that the caller's audit entry stands or falls with it. */
export type Within = (tx: Pick<Transaction, 'audit'>, count: number) => void;

/** Events given up on; the caller audits replays and discards. */
export interface DeadLetters {
  /**
   * Those whose event the principals may see, newest first; all of them for `admin`, who replays and discards them, and
   * when no principals are given. `limit` 1 to 1,000, default 100. Throws `EVENT_CURSOR_INVALID` (400).
   */
  list(
    filter?: DeadLetterFilter,
    page?: { readonly limit?: number; readonly cursor?: string },
    principals?: Iterable<string>,
  ): Promise<DeadLetterPage>;
  /** Throws `DEAD_LETTER_NOT_FOUND` (404), also when the principals may not see its event. */
  get(id: number, principals?: Iterable<string>): Promise<DeadLetter>;
  /** Delivers them once more with a full count of attempts; returns how many. Throws `DEAD_LETTER_NOT_FOUND`. */
  replay(which: readonly number[] | DeadLetterFilter, within?: Within): Promise<number>;
  /** Removes them for good; returns how many. Throws `DEAD_LETTER_NOT_FOUND` (404). */
  discard(which: readonly number[] | DeadLetterFilter, within?: Within): Promise<number>;
}

const columns = `l.id, s.owner as plugin, s.name as subscription, l.position, l.event_id, l.type, l.subject, l.source,
  core.envelope_time(l.time) as time, l.data, l.correlation_id, l.attempts, l.reason, l.error,
  core.envelope_time(l.dead_at) as dead_at`;

/** @param replayed called after events were handed back to subscriptions. */
export function createDeadLetters(database: ScopedDatabase, replayed: () => Promise<void>): DeadLetters {
  return {
    async list(filter = {}, page = {}, principals = everything) {
      const limit = Math.min(Math.max(page.limit ?? 100, 1), 1_000);
      const rows = await database.query<DeadLetter>(
        `select ${columns} from core.dead_letters l join core.subscriptions s on s.id = l.subscription_id
         where ${filterSql} and ($4::bigint is null or l.id < $4) and ${visible(5)} order by l.id desc limit $6`,
        [
          ...filterValues(filter),
          page.cursor === undefined ? null : readCursor(page.cursor),
          [...principals],
          limit + 1,
        ],
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items, next_cursor: rows.length > limit && last !== undefined ? `d${last.id}` : null };
    },
    async get(id, principals = everything) {
      const [row] = await database.query<DeadLetter>(
        `select ${columns} from core.dead_letters l join core.subscriptions s on s.id = l.subscription_id
         where l.id = $1 and ${visible(2)}`,
        [id, [...principals]],
      );
      if (row === undefined) throw busError('DEAD_LETTER_NOT_FOUND', { id });
      return row;
    },
    async replay(which, within) {
      const count = await take(database, which, { replay: true, within });
      if (count > 0) await replayed();
      return count;
    },
    discard: (which, within) => take(database, which, { replay: false, within }),
  };
}

/** Principals of an administrator. */
const everything: readonly string[] = ['admin'];

/** The history keeps the event of a dead letter, and with it who may see it. */
const visible = (placeholder: number): string =>
  `('admin' = any ($${placeholder}::text[]) or exists (
    select from core.events e where e.position = l.position
    and (e.visible_to is null or e.visible_to && $${placeholder}::text[])
  ))`;

const filterSql =
  '($1::text is null or s.owner = $1) and ($2::text is null or s.name = $2) and ($3::text is null or l.type = $3)';

function filterValues(filter: DeadLetterFilter): (string | null)[] {
  return [filter.plugin ?? null, filter.subscription ?? null, filter.type ?? null];
}

/** Removes dead letters, and with `replay` hands their events back to their subscriptions. */
function take(
  database: ScopedDatabase,
  which: readonly number[] | DeadLetterFilter,
  { replay, within }: { readonly replay: boolean; readonly within: Within | undefined },
): Promise<number> {
  const ids = Array.isArray(which) ? which : undefined;
  const filter: DeadLetterFilter = isFilter(which) ? which : {};
  return database.transaction(async (tx) => {
    const rows = await tx.query<{ id: number }>(
      `with chosen as (
         select l.id from core.dead_letters l join core.subscriptions s on s.id = l.subscription_id
         where ${filterSql} and ($4::bigint[] is null or l.id = any ($4))
       ), gone as (
         delete from core.dead_letters l using chosen c where l.id = c.id
         returning l.id, l.subscription_id, l.position, coalesce(l.subject, l.type) as key
       ), back as (
         insert into core.deliveries (subscription_id, position, key, next_at)
         select g.subscription_id, g.position, g.key, now() from gone g where $5
         on conflict (subscription_id, position) do nothing
       )
       select id from gone`,
      [...filterValues(filter), ids ?? null, replay],
    );
    const found = new Set(rows.map((row) => row.id));
    const missing = ids?.find((id) => !found.has(id));
    if (missing !== undefined) throw busError('DEAD_LETTER_NOT_FOUND', { id: missing });
    within?.(tx, rows.length);
    return rows.length;
  });
}

function isFilter(which: readonly number[] | DeadLetterFilter): which is DeadLetterFilter {
  return !Array.isArray(which);
}

function readCursor(cursor: string): number {
  const match = /^d(\d{1,15})$/.exec(cursor);
  if (match === null) throw busError('EVENT_CURSOR_INVALID');
  return Number(match[1]);
}
