import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { isId } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { fromRow } from '../envelope.ts';
import type { EventRow } from '../envelope.ts';
import { busError } from '../errors.ts';
import { envelopeColumns } from '../event-store.ts';
import { toTypeCondition } from '../pattern.ts';

/** The pattern leaves out what RFC 3339 has and PostgreSQL has not: the year 0, and offsets of 16 hours and more. */
const instant = Type.String({
  format: 'date-time',
  pattern: '^(?!0000)[^T]+T[^.Z+-]+(\\.\\d{1,6})?(Z|[+-](0\\d|1[0-5]):\\d{2})$',
  description: 'RFC 3339, from the year 1 on.',
});
const positionSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What to look for in the history; all conditions hold together. */
export const HistoryQuery = Type.Object(
  {
    /** Event types; `*` is one segment, `**` any number. */
    pattern: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    subject: Type.Optional(Type.String({ minLength: 1 })),
    correlation_id: Type.Optional(Type.String({ minLength: 1 })),
    /** From this instant on. */
    since: Type.Optional(instant),
    /** Before this instant. */
    until: Type.Optional(instant),
    after_position: Type.Optional(positionSchema),
    before_position: Type.Optional(positionSchema),
    /** Default `descending`: the newest first. */
    order: Type.Optional(Type.Union([Type.Literal('ascending'), Type.Literal('descending')])),
    /** Default 100. */
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** `next_cursor` of the page before. */
    cursor: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type HistoryQuery = Static<typeof HistoryQuery>;

/** One page of the history. */
export interface HistoryPage {
  readonly items: readonly Event[];
  /** For the next page; null at the end. */
  readonly next_cursor: string | null;
}

/** Stored events. */
export interface History {
  /**
   * One page of what the principals may see.
   * Throws `EVENT_QUERY_INVALID`, `EVENT_PATTERN_INVALID` and `EVENT_CURSOR_INVALID` (400).
   */
  query(query: HistoryQuery, principals: Iterable<string>): Promise<HistoryPage>;
  /** One event by its id. Throws `EVENT_NOT_FOUND` (404), also when the principals may not see it. */
  get(id: string, principals: Iterable<string>): Promise<Event>;
}

const checkQuery = Compile(HistoryQuery);
const visible = (placeholder: number): string =>
  `(e.visible_to is null or e.visible_to && $${placeholder}::text[])`;

/** Builds the history on a database whose role is the core's. */
export function createHistory(database: ScopedDatabase): History {
  return {
    async query(query, principals) {
      check(query);
      const limit = query.limit ?? 100;
      const { text, values } = toSql(query, principals, limit + 1);
      const rows = await database.query<EventRow>(text, values);
      const items = rows.slice(0, limit).map((row) => fromRow(row).event);
      const last = items.at(-1);
      return {
        items,
        next_cursor: rows.length > limit && last !== undefined ? writeCursor(last.position) : null,
      };
    },
    async get(id, principals) {
      const rows = isId(id)
        ? await database.query<EventRow>(
            `select ${envelopeColumns} from core.events e where e.id = $1 and ${visible(2)}`,
            [id, [...principals]],
          )
        : [];
      const [row] = rows;
      if (row === undefined) throw busError('EVENT_NOT_FOUND', { id });
      return fromRow(row).event;
    },
  };
}

function check(query: HistoryQuery): void {
  if (checkQuery.Check(query)) return;
  const faults = checkQuery
    .Errors(query)
    .map((fault) => ({ path: fault.instancePath, message: fault.message }));
  throw busError('EVENT_QUERY_INVALID', { faults });
}

function toSql(
  query: HistoryQuery,
  principals: Iterable<string>,
  limit: number,
): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (condition: (placeholder: number) => string, value: unknown): void => {
    values.push(value);
    conditions.push(condition(values.length));
  };
  const type = query.pattern === undefined ? undefined : toTypeCondition(query.pattern);
  const ascending = query.order === 'ascending';
  if (type !== undefined) add((at) => `e.type ${type.operator} $${at}`, type.value);
  if (query.subject !== undefined) add((at) => `e.subject = $${at}`, query.subject);
  if (query.correlation_id !== undefined) add((at) => `e.correlation_id = $${at}`, query.correlation_id);
  if (query.since !== undefined) add((at) => `e.time >= $${at}::timestamptz`, query.since);
  if (query.until !== undefined) add((at) => `e.time < $${at}::timestamptz`, query.until);
  if (query.after_position !== undefined) add((at) => `e.position > $${at}`, query.after_position);
  if (query.before_position !== undefined) add((at) => `e.position < $${at}`, query.before_position);
  if (query.cursor !== undefined) {
    add((at) => `e.position ${ascending ? '>' : '<'} $${at}`, readCursor(query.cursor));
  }
  add(visible, [...principals]);
  values.push(limit);
  const text =
    `select ${envelopeColumns} from core.events e where ${conditions.join(' and ')} ` +
    `order by e.position ${ascending ? 'asc' : 'desc'} limit $${values.length}`;
  return { text, values };
}

function writeCursor(position: number | undefined): string {
  return Buffer.from(`p${position}`).toString('base64url');
}

function readCursor(cursor: string): number {
  const match = /^p(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match === null) throw busError('EVENT_CURSOR_INVALID');
  return Number(match[1]);
}
