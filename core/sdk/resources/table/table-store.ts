import { sql } from 'kysely';
import type { Transaction } from '../../database.ts';
import { isId } from '../../id.ts';
import { resourceError } from '../errors.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { Kept } from '../fields/schemas.ts';
import { toStatement } from '../query/compiler.ts';
import type { Queryable } from '../query/compiler.ts';
import type { Sql } from '../query/condition-sql.ts';
import type { TableResource } from './define-table.ts';

/** A record of a plain resource. */
export type TableRecord = Kept<JsonObject>;

/** What a record is written with: its fields, and its bookkeeping where that is not the database's to make. */
export type TableRowInput = JsonObject & { readonly id: string };

type Table = Pick<TableResource, 'name' | 'table' | 'fields' | 'path'>;

/** A row as it is read; instants are Dates. */
export type TableRow = JsonObject & {
  readonly id: string;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A row as a record: instants as text. */
export function toRecord(row: TableRow): TableRecord {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  const record: JsonObject = Object.fromEntries(values);
  const { id, version, created_at, updated_at } = row;
  return {
    ...record,
    id,
    version,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}

/** Each field under its name, in the order of their declaration. */
export function selectionOf({ table, fields }: Table): Sql {
  const names = ['id', ...Object.keys(fields), 'created_at', 'updated_at', 'version'];
  return sql.join(
    names.map((name) => sql`${sql.ref(`${table}.${fields[name]?.column ?? name}`)} as ${sql.ref(name)}`),
  );
}

/** The record; throws `RECORD_NOT_FOUND`. */
export async function requireRecord(table: Table, database: Queryable, id: string): Promise<TableRecord> {
  const query = sql`select ${selectionOf(table)} from ${sql.table(table.table)} where id = ${id}`;
  const [row] = isId(id) ? await database.query<TableRow>(toStatement(query)) : [];
  if (row === undefined) throw notFound(table, id);
  return toRecord(row);
}

/** The record, locked until the transaction ends; throws `RECORD_NOT_FOUND`. */
export async function requireLocked(table: Table, tx: Transaction, id: string): Promise<TableRecord> {
  const [record] = isId(id) ? await lockRecords(table, tx, [id]) : [];
  if (record === undefined) throw notFound(table, id);
  return record;
}

/** Those of these records that exist, in the order of their ids, locked until the transaction ends. */
export async function lockRecords(
  table: Table,
  tx: Transaction,
  ids: readonly string[],
): Promise<TableRecord[]> {
  const query = sql`select ${selectionOf(table)} from ${sql.table(table.table)}
    where id = any(${[...ids]}::uuid[]) order by id for update`;
  return (await tx.query<TableRow>(toStatement(query))).map(toRecord);
}

/** Writes new records. */
export async function insertRecords(
  table: Table,
  tx: Transaction,
  rows: readonly TableRowInput[],
): Promise<TableRecord[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const columns = columnsOf(table, first);
  const names = sql.join(columns.map(({ column }) => sql.ref(column)));
  const query = sql`insert into ${sql.table(table.table)} (${names})
    select ${names} from ${recordsetOf(columns, rows)} returning ${selectionOf(table)}`;
  return (await tx.query<TableRow>(toStatement(query))).map(toRecord);
}

/** Gives locked records other fields, and each its next version. */
export async function updateRecords(
  table: Table,
  tx: Transaction,
  rows: readonly TableRowInput[],
): Promise<TableRecord[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const columns = columnsOf(table, first);
  const assignments = columns.flatMap(({ column }) =>
    column === 'id' ? [] : [sql`${sql.ref(column)} = ${sql.ref(`given.${column}`)}`],
  );
  const moved = [
    ...assignments,
    sql`version = ${sql.ref(`${table.table}.version`)} + 1`,
    sql`updated_at = clock_timestamp()`,
  ];
  const query = sql`update ${sql.table(table.table)} set ${sql.join(moved)}
    from ${recordsetOf(columns, rows)}
    where ${sql.ref(`${table.table}.id`)} = given.id returning ${selectionOf(table)}`;
  return (await tx.query<TableRow>(toStatement(query))).map(toRecord);
}

/** Deletes records. */
export async function deleteRecords(table: Table, tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.query(toStatement(sql`delete from ${sql.table(table.table)} where id = any(${[...ids]}::uuid[])`));
}

interface WrittenColumn {
  readonly column: string;
  readonly type: string;
  readonly of: (row: TableRowInput) => unknown;
}

/** The columns that rows such as this one are written to, the folded ones among them. */
function columnsOf({ fields }: Table, row: TableRowInput): WrittenColumn[] {
  const columns: WrittenColumn[] = [];
  for (const name of Object.keys(row)) {
    const { type, column = name, folded } = fields[name] ?? { type: bookkept.get(name) ?? 'text' };
    columns.push({ column, type, of: (given) => given[name] });
    if (folded === undefined || folded.column === column) continue;
    const fold = (value: unknown) => (typeof value === 'string' ? folded.fold(value) : null);
    columns.push({ column: folded.column, type: 'text', of: (given) => fold(given[name]) });
  }
  return columns;
}

const bookkept: ReadonlyMap<string, string> = new Map([
  ['id', 'uuid'],
  ['created_at', 'timestamptz'],
  ['version', 'integer'],
]);

/** Rows as a table `given` of the columns they are written to. */
function recordsetOf(columns: readonly WrittenColumn[], rows: readonly TableRowInput[]): Sql {
  const values = rows.map((row) => Object.fromEntries(columns.map(({ column, of }) => [column, of(row)])));
  const types = columns.map(({ column, type }) => sql`${sql.ref(column)} ${sql.raw(type)}`);
  return sql`jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as given (${sql.join(types)})`;
}

function notFound({ name, path }: Table, id: string) {
  return resourceError('RECORD_NOT_FOUND', { resource: name, id, path });
}
