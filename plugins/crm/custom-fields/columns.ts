import { isAppError } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../errors.ts';
import { buildField, spellingOf } from './build-field.ts';
import { columnOf, keyColumnOf } from './names.ts';
import type { Definition } from './store.ts';
import { rulesOf } from './types.ts';

type Column = readonly [name: string, type: Sql];

/** Whether a second column holds the one spelling of its values: filters of text and keys stand on it. */
export function hasKeyColumn({ type }: Pick<Definition, 'type'>): boolean {
  return rulesOf(type).unique;
}

/**
 * Adds the columns of a field to the table of its kind, or finds them there. They are empty, so that the table is not
 * written, whatever its size; nor is it read for the foreign key of a reference. Throws `TABLE_HAS_NO_ROOM`.
 */
export async function addColumns(tx: Transaction, definition: Definition): Promise<void> {
  const { object, name, references } = definition;
  const { type } = buildField(definition);
  const refers =
    references === null ? sql`` : sql` references ${sql.table(references)} (id) on delete set null`;
  // Instants are kept to the millisecond, as they are answered.
  const kept = type === 'timestamptz' ? 'timestamptz(3)' : type;
  const columns: Column[] = [[columnOf(name), sql`${sql.raw(kept)}${refers}`]];
  if (hasKeyColumn(definition)) columns.push([keyColumnOf(name), sql`text`]);
  const added = columns.map(([column, of]) => sql`add column if not exists ${sql.ref(column)} ${of}`);
  try {
    await tx.query(toStatement(sql`alter table ${sql.table(object)} ${sql.join(added)}`));
  } catch (error) {
    // PostgreSQL counts columns that were dropped as well: https://www.postgresql.org/docs/current/limits.html
    if (isAppError(error) && error.details['sqlstate'] === '54011')
      throw crmError('TABLE_HAS_NO_ROOM', { object }, error);
    throw error;
  }
}

/** Drops the columns of a field with its data and indexes. */
export async function dropColumns(tx: Transaction, { object, name }: Definition): Promise<void> {
  const dropped = [columnOf(name), keyColumnOf(name)].map(
    (column) => sql`drop column if exists ${sql.ref(column)}`,
  );
  await tx.query(toStatement(sql`alter table ${sql.table(object)} ${sql.join(dropped)}`));
}

/** One index that a field may have. */
interface FieldIndex {
  readonly name: string;
  readonly wanted: boolean;
  readonly create: Sql;
}

/** Whether a field has an index beside that of a unique key. */
export function isIndexed({ type, indexed }: Pick<Definition, 'type' | 'indexed'>): boolean {
  // The deletion of a record looks for all that refer to it.
  return indexed || type === 'reference';
}

function* indexesOf(definition: Definition): Generator<FieldIndex> {
  const { id, object, name, unique } = definition;
  const { type, folded, column = columnOf(name) } = buildField(definition);
  const table = sql.table(object);
  const own = `custom_${id.replaceAll('-', '')}`;
  const sorted = sql.ref(folded?.column ?? column);
  // Records without a value cost nothing.
  const filled = sql`where ${sorted} is not null`;
  const plain = sql`create index if not exists ${sql.ref(own)} on ${table}`;
  yield {
    name: own,
    wanted: isIndexed(definition),
    create: type === 'text[]' ? sql`${plain} using gin (${sorted})` : sql`${plain} (${sorted}, id) ${filled}`,
  };
  const key = sql.ref(keyColumnOf(name));
  const keyName = `${own}_key`;
  yield {
    name: keyName,
    wanted: unique,
    create: sql`create unique index if not exists ${sql.ref(keyName)} on ${table} (${key}) where ${key} is not null`,
  };
}

/** The statements that bring about the indexes that a field is to have, and no others; each stands alone. */
export function indexStatements(definition: Definition): Sql[] {
  return [...indexesOf(definition)].map(({ name, wanted, create }) =>
    wanted ? create : sql`drop index if exists ${sql.ref(name)}`,
  );
}

/** A value that several records have. */
export interface SharedValue {
  readonly value: string;
  readonly records: number;
  /** Some of them. */
  readonly ids: readonly string[];
}

/** The first values of a field that more than one record has. */
export async function findShared(database: Queryable, definition: Definition): Promise<SharedValue[]> {
  const { object, name } = definition;
  const key = sql.ref(keyColumnOf(name));
  const query = sql`select ${key} as value, count(*)::integer as records, (array_agg(id order by id))[1:3] as ids
    from ${sql.table(object)} where ${key} is not null
    group by ${key} having count(*) > 1 order by ${key} limit 5`;
  return database.query<SharedValue>(toStatement(query));
}

/** The one spelling of the values of a field that are no text, beside which it stands. */
export function spelledColumn(definition: Definition) {
  if (!hasKeyColumn(definition) || buildField(definition).folded !== undefined) return undefined;
  return { column: keyColumnOf(definition.name), fold: spellingOf(definition.type) };
}
