import { isId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { CommonFields, Kept, RecordKey, RecordKind, TableName } from './kind.ts';

/** A row of a table of records; instants are Dates. */
export type RecordRow<Fields> = Omit<Kept<Fields>, 'created_at' | 'updated_at'> & {
  readonly created_at: Date;
  readonly updated_at: Date;
};

type Named = Pick<RecordKind, 'table' | 'fields'>;

/** The columns of a kind of record under the names of its fields, for a select list that may join other tables. */
export function selectionOf({ table, fields }: Named): string {
  const names = ['id', ...Object.keys(fields), 'created_at', 'updated_at', 'version'];
  return names
    .map((name) => {
      const column = fields[name]?.column ?? name;
      return column === name ? `${table}.${name}` : `${table}.${column} as ${name}`;
    })
    .join(', ');
}

/** As `selectionOf`, for composed SQL. */
export function selectionSql(kind: Named): Sql {
  return sql.raw(selectionOf(kind));
}

/** A row as a record: instants as text; columns beside those of the record stay. */
export function toRecord<Fields extends CommonFields>(row: RecordRow<Fields>): Kept<Fields>;
export function toRecord(row: Record<string, unknown>): object {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  return Object.fromEntries(values);
}

/** The record, or undefined; `visible` is what must hold of it beside. */
export async function findRecord<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  database: Queryable,
  id: string,
  visible?: Sql,
): Promise<Kept<Fields> | undefined> {
  if (!isId(id)) return undefined;
  const condition = visible === undefined ? sql`` : sql`and ${visible}`;
  return (await select(kind, database, sql`where ${sql.ref(`${kind.table}.id`)} = ${id} ${condition}`))[0];
}

/** Those of these records that are there; `visible` is what must hold of them beside. */
export function findRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  database: Queryable,
  ids: readonly string[],
  visible?: Sql,
): Promise<Kept<Fields>[]> {
  const condition = visible === undefined ? sql`` : sql`and ${visible}`;
  return select(
    kind,
    database,
    sql`where ${sql.ref(`${kind.table}.id`)} = any(${[...ids]}::uuid[]) ${condition}`,
  );
}

/** A record that has this key in any spelling, or undefined. */
export async function findByKey<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  key: RecordKey<Fields>,
  database: Queryable,
  text: string,
): Promise<Kept<Fields> | undefined> {
  const folded = withoutNul(key.fold(text));
  return (await select(kind, database, sql`where ${sql.ref(key.column)} = ${folded} limit 1`))[0];
}

/** Locks records for a change; those that are gone, or that are not `visible`, are absent. */
export function lockRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  ids: readonly string[],
  visible?: Sql,
): Promise<Kept<Fields>[]> {
  const condition = visible === undefined ? sql`` : sql`and ${visible}`;
  return select(kind, tx, sql`where id = any(${[...ids]}::uuid[]) ${condition} order by id for update`);
}

/** Locks up to `limit` records, all without it, of which a condition holds. */
export function lockWhere<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  condition: Sql,
  limit?: number,
): Promise<Kept<Fields>[]> {
  const bound = limit === undefined ? sql`` : sql`limit ${limit}`;
  return select(kind, tx, sql`where ${condition} order by id ${bound} for update`);
}

/** Which of these ids are records of a table; they stay until the transaction ends. */
export async function holdExisting(
  table: TableName,
  tx: Transaction,
  ids: ReadonlySet<string>,
): Promise<Set<string>> {
  if (ids.size === 0) return new Set();
  const statement = `select id from ${table} where id = any($1::uuid[]) order by id for key share`;
  const rows = await tx.query<{ id: string }>(statement, [[...ids]]);
  return new Set(rows.map((row) => row.id));
}

/** Deletes records; they leave the lists that they are members of. */
export async function deleteRecords(
  { table }: Named,
  tx: Transaction,
  ids: readonly string[],
): Promise<void> {
  await tx.query(`delete from ${table} where id = any($1::uuid[])`, [ids]);
  await tx.query('delete from list_members where record_id = any($1::uuid[])', [ids]);
}

/** Text that PostgreSQL can take: NUL, which it cannot, is replaced by its picture (U+2400). */
export function withoutNul(text: string): string {
  return text.replaceAll('\u0000', '\u2400');
}

async function select<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  database: Queryable,
  rest: Sql,
): Promise<Kept<Fields>[]> {
  const query = sql`select ${selectionSql(kind)} from ${sql.table(kind.table)} ${rest}`;
  const rows = await database.query<RecordRow<Fields>>(toStatement(query));
  return rows.map((row) => toRecord<Fields>(row));
}
