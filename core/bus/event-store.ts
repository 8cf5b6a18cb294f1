import type { ScopedDatabase } from '../database/scoped-database.ts';
import { fromRow } from './envelope.ts';
import type { EventRow, StampedEvent } from './envelope.ts';
import type { TypeCondition } from './pattern.ts';

/** A stretch of the history, and how far it was looked through. */
export interface Stretch {
  readonly events: readonly StampedEvent[];
  /** Everything up to here was seen; matching or not. */
  readonly through: number;
}

/** The columns of an envelope; the alias `e` is `core.events`. */
export const envelopeColumns =
  'e.position, e.id, e.source, e.type, e.subject, core.envelope_time(e.time) as time, e.data, e.correlation_id, e.traceparent, e.visible_to';

/** Where the history begins and ends. */
interface HistoryBounds {
  readonly head: number;
  /** Lowest position that is promised to be there. */
  readonly oldest: number;
}

/** Outbox and history in SQL, as the core. */
export interface EventStore {
  /** Moves committed events to the history; `busy` when another replica is at it. */
  stamp(limit: number): Promise<readonly StampedEvent[] | 'busy'>;
  bounds(): Promise<HistoryBounds>;
  /** All events after a position, ascending. */
  readAfter(after: number, limit: number): Promise<readonly StampedEvent[]>;
  /** Matching events after a position up to `head`, ascending. */
  readMatching(
    after: number,
    head: number,
    condition: TypeCondition | undefined,
    limit: number,
  ): Promise<Stretch>;
  /** Tells other processes that there are new positions. */
  notify(channel: string, payload: string): Promise<void>;
}

/** The position is null in the one row that says that another replica is at it. */
type StampRow = Omit<EventRow, 'position'> & { readonly position: number | null };

/** Rows that one statement looks through. */
const scanned = 50_000;

/** Builds the store on a database whose role is the core's. */
export function createEventStore(database: ScopedDatabase): EventStore {
  return {
    async stamp(limit) {
      const rows = await database.query<StampRow>({
        name: 'bus.stamp',
        sql: 'select * from core.stamp_events($1)',
        parameters: [limit],
      });
      if (rows[0]?.position === null) return 'busy';
      return rows.map((row) => fromRow({ ...row, position: row.position ?? 0 }));
    },
    async bounds() {
      const [row] = await database.query<HistoryBounds>('select head, oldest from core.relay');
      if (row === undefined) throw new TypeError('core.relay holds no row: its migration has not run');
      return row;
    },
    async readAfter(after, limit) {
      const rows = await database.query<EventRow>({
        name: 'bus.read-after',
        sql: `select ${envelopeColumns} from core.events e where e.position > $1 order by e.position limit $2`,
        parameters: [after, limit],
      });
      return rows.map(fromRow);
    },
    async readMatching(after, head, condition, limit) {
      // An index serves equality; other patterns are looked for a stretch at a time.
      const upTo = condition?.operator === '~' ? Math.min(head, after + scanned) : head;
      const filter = condition === undefined ? '' : `and e.type ${condition.operator} $4`;
      const rows = await database.query<EventRow>(
        `select ${envelopeColumns} from core.events e
         where e.position > $1 and e.position <= $2 ${filter} order by e.position limit $3`,
        [after, upTo, limit, ...(condition === undefined ? [] : [condition.value])],
      );
      const last = rows.at(-1);
      return {
        events: rows.map(fromRow),
        through: last !== undefined && rows.length === limit ? last.position : upTo,
      };
    },
    async notify(channel, payload) {
      await database.query('select pg_notify($1, $2)', [channel, payload]);
    },
  };
}
