import { sql } from 'kysely';
import { columnRef, joined, typedValue } from './condition-sql.ts';
import type { Sql } from './condition-sql.ts';
import type { Position } from './cursor.ts';
import type { SortKey } from './sort.ts';
import type { Scalar } from './values.ts';

/** A part of a list that is read in one statement; the parts follow each other. */
export interface Range {
  readonly condition: Sql;
  readonly orderBy: Sql;
}

/**
 * The rest of a list behind a position, or all of it, in parts that follow each other. Each part can be read along an
 * index on its keys, also on the last page: one statement that finds missing values at the end could not.
 */
export function rangesOf(keys: readonly SortKey[], position: Position | undefined, table: string): Range[] {
  const [first, ...rest] = keys;
  if (first === undefined) throw new TypeError('an order has at least the id');
  const column = columnRef(first.column, table);
  const equals = rest.length > 0 ? orderOf(rest, table) : sql`${column}`;
  // Of the first key nothing is missing where it decides.
  const all = sql.join([directed(first, table), ...(rest.length > 0 ? [equals] : [])]);
  const missing = { condition: sql`${column} is null`, orderBy: equals };
  if (position === undefined) {
    if (!first.column.nullable) return [{ condition: sql`true`, orderBy: all }];
    return [{ condition: sql`${column} is not null`, orderBy: all }, missing];
  }
  const [value = null, ...values] = position;
  const behind = after(rest, values, table);
  if (value === null) return [{ ...missing, condition: sql`${missing.condition} and ${behind}` }];
  const ranges: Range[] = [];
  const row = rowAfter(keys, position, table);
  if (row === undefined) {
    const equal = sql`${column} = ${typedValue(first.column, value)}`;
    ranges.push({ condition: sql`${equal} and ${behind}`, orderBy: equals });
    ranges.push({ condition: beyond(first, value, table), orderBy: all });
  } else {
    // Said again for PostgreSQL, which follows an index on present values only where it is said.
    const condition = first.column.nullable ? sql`${column} is not null and ${row}` : row;
    ranges.push({ condition, orderBy: all });
  }
  if (first.column.nullable) ranges.push(missing);
  return ranges;
}

/** A row comparison, which an index follows in one step; undefined where directions differ or values may be missing. */
function rowAfter(keys: readonly SortKey[], position: Position, table: string): Sql | undefined {
  const descending = keys[0]?.descending ?? false;
  const rest = keys.slice(1);
  if (rest.some((key) => key.column.nullable) || keys.some((key) => key.descending !== descending))
    return undefined;
  const columns = keys.map(({ column }) => columnRef(column, table));
  const values = keys.map(({ column }, index) => typedValue(column, position[index] ?? ''));
  return sql`(${sql.join(columns)}) ${sql.raw(descending ? '<' : '>')} (${sql.join(values)})`;
}

/** What comes behind a position among equals in the keys before. */
function after(keys: readonly SortKey[], position: Position, table: string): Sql {
  const [first, ...rest] = keys;
  const [value = null, ...values] = position;
  if (first === undefined) return sql`false`;
  const column = columnRef(first.column, table);
  const behind = after(rest, values, table);
  if (value === null) return sql`(${column} is null and ${behind})`;
  const parts = [
    beyond(first, value, table),
    sql`(${column} = ${typedValue(first.column, value)} and ${behind})`,
  ];
  if (first.column.nullable) parts.push(sql`${column} is null`);
  return joined(parts, 'any');
}

function beyond({ column, descending }: SortKey, value: Scalar, table: string): Sql {
  return sql`${columnRef(column, table)} ${sql.raw(descending ? '<' : '>')} ${typedValue(column, value)}`;
}

/** The order by these keys, missing values last. */
function orderOf(keys: readonly SortKey[], table: string): Sql {
  const terms = keys.map((key) => {
    const nulls = key.descending && key.column.nullable ? sql` nulls last` : sql``;
    return sql`${directed(key, table)}${nulls}`;
  });
  return sql.join(terms);
}

function directed({ column, descending }: SortKey, table: string): Sql {
  return sql`${columnRef(column, table)}${descending ? sql` desc` : sql``}`;
}
