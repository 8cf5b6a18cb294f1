import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Column } from './columns.ts';
import type { Condition } from './filter.ts';
import type { OperatorName } from './operators.ts';
import type { Scalar } from './values.ts';

/** A piece of SQL with its parameters. */
export type Sql = RawBuilder<unknown>;

/** The SQL of a condition over the columns of `table`; every value is a parameter. */
export function conditionSql(condition: Condition, table: string): Sql {
  switch (condition.kind) {
    case 'not':
      // Of a missing value nothing is true, so that "not" holds for it.
      return sql`(${conditionSql(condition.of, table)}) is not true`;
    case 'all':
    case 'any':
      return joined(
        condition.of.map((part) => conditionSql(part, table)),
        condition.kind,
      );
    default:
      return compareSql(condition.column, condition.operator, condition.values, table);
  }
}

/** Conditions that must all hold, or of which one must. */
export function joined(parts: readonly Sql[], kind: 'all' | 'any'): Sql {
  const [first] = parts;
  if (first === undefined) return kind === 'all' ? sql`true` : sql`false`;
  if (parts.length === 1) return first;
  return sql`(${sql.join(parts, kind === 'all' ? sql` and ` : sql` or `)})`;
}

/** A column as comparisons and orders name it: its folded form where there is one. */
export function columnRef({ column, folded }: Pick<Column, 'column' | 'folded'>, table: string): Sql {
  return sql.ref(`${table}.${folded?.column ?? column}`);
}

/** A value with the type of a column, which PostgreSQL could not tell from a parameter alone. */
export function typedValue({ type }: Pick<Column, 'type'>, value: Scalar): Sql {
  return sql`${value}::${sql.raw(type === 'text[]' ? 'text' : type)}`;
}

function compareSql(column: Column, operator: OperatorName, values: readonly Scalar[], table: string): Sql {
  const left = columnRef(column, table);
  const [first = false] = values;
  const right = () => typedValue(column, first);
  switch (operator) {
    case 'eq':
      return sql`${left} = ${right()}`;
    case 'ne':
      return sql`${left} is distinct from ${right()}`;
    case 'gt':
      return sql`${left} > ${right()}`;
    case 'gte':
      return sql`${left} >= ${right()}`;
    case 'lt':
      return sql`${left} < ${right()}`;
    case 'lte':
      return sql`${left} <= ${right()}`;
    case 'in':
      return sql`${left} = any(${[...values]}::${sql.raw(column.type)}[])`;
    case 'is_null':
      return isNullSql(column, first === true, table);
    case 'starts_with':
      return sql`${left} like ${`${escapeLike(first)}%`}`;
    case 'contains':
      return sql`${left} like ${`%${escapeLike(first)}%`}`;
    case 'has_any':
      return sql`${left} && ${[...values]}::text[]`;
    default:
      return sql`${left} @> ${[...values]}::text[]`;
  }
}

/** Whether there is no value; an empty list holds none. */
function isNullSql({ type, column }: Column, wanted: boolean, table: string): Sql {
  const reference = sql.ref(`${table}.${column}`);
  if (type === 'text[]') {
    return sql`coalesce(cardinality(${reference}), 0) ${wanted ? sql`= 0` : sql`> 0`}`;
  }
  return wanted ? sql`${reference} is null` : sql`${reference} is not null`;
}

function escapeLike(value: Scalar): string {
  return String(value).replaceAll(/[\\%_]/g, String.raw`\$&`);
}
