import { createId, isId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { FieldSet, JsonObject, Kept, Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';

/** A table of what users keep, with the fields that stand in its columns under their names. */
export interface SharedTable {
  readonly table: string;
  readonly fields: FieldSet;
}

type Row<Fields> = Omit<Kept<Fields>, 'created_at' | 'updated_at'> & {
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** Its columns, for a select list. */
export function columnsSql({ table, fields }: SharedTable): Sql {
  const names = ['id', ...Object.keys(fields), 'created_at', 'updated_at', 'version'];
  return sql.join(names.map((name) => sql.ref(`${table}.${name}`)));
}

/** A row with its instants as text. */
export function fromRow<Fields extends object>(row: Row<Fields>): Kept<Fields>;
export function fromRow(row: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}

/** The one of this id of which a condition holds, or undefined; `lock` keeps it as it is until the transaction ends. */
export async function findShared<Fields extends object>(
  shared: SharedTable,
  database: Queryable,
  id: string,
  condition: Sql = sql`true`,
  lock: Sql = sql``,
): Promise<Kept<Fields> | undefined> {
  if (!isId(id)) return undefined;
  const query = sql`select ${columnsSql(shared)} from ${sql.table(shared.table)}
    where ${sql.ref(`${shared.table}.id`)} = ${id} and ${condition} ${lock}`;
  const [row] = await database.query<Row<Fields>>(toStatement(query));
  return row === undefined ? undefined : fromRow<Fields>(row);
}

/** Writes a new one. */
export function insertShared<Fields extends object>(
  shared: SharedTable,
  tx: Transaction,
  values: JsonObject,
): Promise<Kept<Fields>> {
  const names = Object.keys(shared.fields);
  const columns = sql.join(['id', ...names].map((name) => sql.ref(name)));
  const given = sql.join([sql`${createId()}`, ...names.map((name) => valueSql(shared, name, values))]);
  return written(
    tx,
    sql`insert into ${sql.table(shared.table)} (${columns}) values (${given}) returning ${columnsSql(shared)}`,
  );
}

/** Writes the fields of one that is locked; its version grows by one. */
export function updateShared<Fields extends object>(
  shared: SharedTable,
  tx: Transaction,
  id: string,
  values: JsonObject,
): Promise<Kept<Fields>> {
  const set = Object.keys(shared.fields).map(
    (name) => sql`${sql.ref(name)} = ${valueSql(shared, name, values)}`,
  );
  return written(
    tx,
    sql`update ${sql.table(shared.table)}
      set ${sql.join(set)}, version = version + 1, updated_at = clock_timestamp()
      where id = ${id} returning ${columnsSql(shared)}`,
  );
}

async function written<Fields extends object>(tx: Transaction, statement: Sql): Promise<Kept<Fields>> {
  const [row] = await tx.query<Row<Fields>>(toStatement(statement));
  if (row === undefined) throw new TypeError('what was written was not returned');
  return fromRow<Fields>(row);
}

function valueSql({ fields }: SharedTable, name: string, values: JsonObject): Sql {
  const { type = 'text' } = fields[name] ?? {};
  const value = values[name];
  return sql`${type === 'jsonb' && value !== null ? JSON.stringify(value) : value}::${sql.raw(type)}`;
}
