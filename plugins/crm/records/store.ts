import { isId } from '@orchestrall/sdk';
import type { Statement, Transaction } from '@orchestrall/sdk';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { toTsquery } from '../fields/search-words.ts';
import { keepTag } from '../fields/tag.ts';
import type { Bookkeeping, Kept, RecordKey, RecordKind } from './kind.ts';
import { compiler, withoutNul } from './sql.ts';
import type { Queryable } from './sql.ts';

/** What a list of records is filtered by: `q`, `tag`, and references of the kind by their names. */
export interface RecordFilter {
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
}

/** A row of a table of records; instants are Dates. */
export type RecordRow<Fields> = Fields &
  Omit<Bookkeeping, 'created_at' | 'updated_at'> & { readonly created_at: Date; readonly updated_at: Date };

type Named = Pick<RecordKind<object>, 'table' | 'fields'>;

/** The columns of a kind of record, for a select list that may join other tables. */
export function selectionOf({ table, fields }: Named): string {
  const columns = ['id', ...Object.keys(fields), 'created_at', 'updated_at', 'version'];
  return columns.map((column) => `${table}.${column}`).join(', ');
}

/** A row as a record; columns beside those of the record stay. */
export function toRecord<Row extends { readonly created_at: Date; readonly updated_at: Date }>(row: Row) {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

/** The record, or undefined. */
export async function findRecord<Fields extends object>(
  kind: RecordKind<Fields>,
  database: Queryable,
  id: string,
): Promise<Kept<Fields> | undefined> {
  return isId(id) ? (await select(kind, database, 'where id = $1', [id]))[0] : undefined;
}

/** A record that has this key in any spelling, or undefined. */
export async function findByKey<Fields extends object>(
  kind: RecordKind<Fields>,
  key: RecordKey<Fields>,
  database: Queryable,
  text: string,
): Promise<Kept<Fields> | undefined> {
  return (await select(kind, database, `where ${key.column} = $1 limit 1`, [withoutNul(key.fold(text))]))[0];
}

/** Records after an id, in the order of their ids, which is that of their creation. */
export async function listRecords<Fields extends object>(
  kind: RecordKind<Fields>,
  database: Queryable,
  filter: RecordFilter,
  after: string | undefined,
  limit: number,
): Promise<Kept<Fields>[]> {
  const rows = await database.query<RecordRow<Fields>>(recordsOf(kind, filter, after, limit));
  return rows.map(toRecord);
}

/** The statement that reads the records of a filter; its rows go through `toRecord`. */
export function recordsOf(kind: Named, filter: RecordFilter, after?: string, limit?: number): Statement {
  const conditions = [...conditionsOf(kind, filter)];
  if (after !== undefined) conditions.push(sql`id > ${after}`);
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
  const page = limit === undefined ? sql`` : sql`limit ${limit}`;
  const query = sql`select ${sql.raw(selectionOf(kind))} from ${sql.table(kind.table)} ${where} order by id ${page}`;
  return query.compile(compiler);
}

function* conditionsOf({ fields }: Named, filter: RecordFilter): Generator<RawBuilder<unknown>> {
  // A filter that nothing can match is no fault: it finds nothing.
  const nothing = sql`false`;
  const { q, tag, ...references } = filter;
  for (const [name, id] of Object.entries(references)) {
    if (id === undefined || fields[name]?.column !== 'uuid') continue;
    yield typeof id === 'string' && isId(id) ? sql`${sql.ref(name)} = ${id}` : nothing;
  }
  if (tag !== undefined) {
    const { text } = keepTag(tag);
    yield text === undefined ? nothing : sql`tags @> array[${text}]::text[]`;
  }
  if (q !== undefined) {
    const words = toTsquery(q);
    yield words === undefined ? nothing : sql`search @@ ${words}::tsquery`;
  }
}

/** Locks records for a change; those that are gone are absent. */
export function lockRecords<Fields extends object>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  ids: readonly string[],
): Promise<Kept<Fields>[]> {
  return select(kind, tx, 'where id = any($1::uuid[]) order by id for update', [ids]);
}

/** Locks the records that have these folded keys. */
export function lockByKey<Fields extends object>(
  kind: RecordKind<Fields>,
  key: RecordKey<Fields>,
  tx: Transaction,
  keys: readonly string[],
): Promise<Kept<Fields>[]> {
  return select(kind, tx, `where ${key.column} = any($1::text[]) order by id for update`, [keys]);
}

/** Locks up to `limit` records that carry a tag. */
export function lockByTag<Fields extends object>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  tag: string,
  limit: number,
): Promise<Kept<Fields>[]> {
  return select(kind, tx, 'where tags @> array[$1]::text[] order by id limit $2 for update', [tag, limit]);
}

/** Which of these ids are records of a table; they stay until the transaction ends. */
export async function holdExisting(
  { table }: Pick<RecordKind<object>, 'table'>,
  tx: Transaction,
  ids: ReadonlySet<string>,
): Promise<Set<string>> {
  if (ids.size === 0) return new Set();
  const statement = `select id from ${table} where id = any($1::uuid[]) order by id for key share`;
  const rows = await tx.query<{ id: string }>(statement, [[...ids]]);
  return new Set(rows.map((row) => row.id));
}

/** Deletes a record; its associations go with it. */
export async function deleteRecord(
  kind: Pick<RecordKind<object>, 'table'>,
  tx: Transaction,
  id: string,
): Promise<void> {
  await tx.query(`delete from ${kind.table} where id = $1`, [id]);
}

async function select<Fields extends object>(
  kind: RecordKind<Fields>,
  database: Queryable,
  rest: string,
  values: readonly unknown[],
): Promise<Kept<Fields>[]> {
  const statement = `select ${selectionOf(kind)} from ${kind.table} ${rest}`;
  const rows = await database.query<RecordRow<Fields>>(statement, values);
  return rows.map(toRecord);
}
