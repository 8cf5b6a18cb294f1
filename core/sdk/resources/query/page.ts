import { sql } from 'kysely';
import { validationFailed } from '../../errors.ts';
import { toStatement } from './compiler.ts';
import type { Queryable } from './compiler.ts';
import { columnRef, joined } from './condition-sql.ts';
import type { Sql } from './condition-sql.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { Position } from './cursor.ts';
import { rangesOf } from './ranges.ts';
import type { SortKey } from './sort.ts';

/** One page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Give it back to read on; null at the end. */
  readonly next_cursor: string | null;
}

/** What rows of a list are read from. */
export interface ListSource {
  /** The table, or its alias in `from`. */
  readonly table: string;
  /** Columns to select. */
  readonly selection: Sql;
  /** Default the table. */
  readonly from?: Sql | undefined;
  /** All must hold. */
  readonly conditions: readonly Sql[];
}

/** Which page of a list is read. */
export interface PageOptions {
  /** Names the list, its filters, its order and its caller, so that a cursor of another is refused. */
  readonly list: string;
  readonly keys: readonly SortKey[];
  readonly cursor?: string | undefined;
  /** 1 to 200; default 50. */
  readonly limit?: number | undefined;
}

/** Items a page where nothing else is asked for. */
export const defaultPageLimit = 50;

/** Most items a page. */
export const maxPageLimit = 200;

/**
 * Reads one page: one row more than it holds, to know whether another follows. A row whose place in the order nobody
 * changes meanwhile comes exactly once, whatever is written beside it. Throws `CURSOR_INVALID`, and `VALIDATION_FAILED`
 * for a limit out of bounds.
 */
export async function readPage<Row extends object>(
  database: Queryable,
  source: ListSource,
  { list, keys, cursor, limit = defaultPageLimit }: PageOptions,
): Promise<Page<Row>> {
  // Routes have refused it before; a plugin that calls through a contract has not.
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPageLimit) {
    throw validationFailed([{ path: '/limit', message: `must be a whole number from 1 to ${maxPageLimit}` }]);
  }
  const rows: { readonly row: Row; readonly position: Position }[] = [];
  for (const range of rangesOf(keys, readCursor(list, cursor, keys), source.table)) {
    const query = sql`select ${source.selection}, ${positionSql(keys, source.table)}
      from ${source.from ?? sql.table(source.table)}
      where ${joined([...source.conditions, range.condition], 'all')}
      order by ${range.orderBy} limit ${limit + 1 - rows.length}`;
    const read = await database.query<Row & Positioned>(toStatement(query));
    for (const row of read) {
      rows.push({ row, position: row[positionColumn] });
      // What is left is what the selection gives.
      Reflect.deleteProperty(row, positionColumn);
    }
    if (rows.length > limit) break;
  }
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(({ row }) => row),
    next_cursor: last === undefined ? null : writeCursor(list, last.position),
  };
}

const positionColumn = 'list_position';

interface Positioned {
  readonly [positionColumn]: Position;
}

/** The values of an order's keys as JSON, whole: instants to the microsecond, decimals as text. */
function positionSql(keys: readonly SortKey[], table: string): Sql {
  const values = keys.map(({ column }) => {
    const reference = columnRef(column, table);
    if (column.type === 'timestamptz') {
      return sql`to_char(${reference} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    }
    return column.type === 'numeric' ? sql`${reference}::text` : reference;
  });
  return sql`json_build_array(${sql.join(values)}) as ${sql.ref(positionColumn)}`;
}
