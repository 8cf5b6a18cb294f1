import { isId } from '@orchestrall/sdk';
import type { AppError, Caller, Database } from '@orchestrall/sdk';
import {
  Id,
  bookkeeping,
  columnsOf,
  conditionSql,
  countRows,
  listName,
  readListRequest,
  readPage,
  readShape,
  schemasOf,
  shaped,
  toStatement,
} from '@orchestrall/sdk/resources';
import type {
  FieldSet,
  JsonObject,
  ListRequest,
  ListSource,
  RecordPage,
  Resource,
  ResourceRecord,
  ResourceService,
  ShapeRequest,
} from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import Type from 'typebox';

/** A table that is read by the conventions of lists and written by the exchange alone. */
export interface ListedTable {
  readonly name: string;
  readonly plural: string;
  readonly table: string;
  readonly fields: FieldSet;
  readonly note: string;
  readonly notFound: (id: string) => AppError;
}

type Row = ResourceRecord & JsonObject;

/** The resource that its routes are declared with, for administrators. */
export function listedResource({ name, plural, fields, note }: ListedTable): Resource {
  const title = name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const record = Type.Object({ id: Id, ...schemasOf(fields), ...bookkeeping }, { title });
  return {
    name,
    plural,
    path: `/api/v1/crm/sync/${plural.replace(/^sync_/, '')}`,
    record,
    input: Type.Object({}, { title: `${title}Input`, additionalProperties: false }),
    access: { read: 'admin', write: 'admin' },
    except: ['create', 'update', 'delete', 'batch'],
    notes: { list: note },
  };
}

/** Reads lists of it, and single rows. */
export function createListedService(listed: ListedTable, database: Database): ResourceService {
  const { table, fields, notFound } = listed;
  const nameable = { columns: columnsOf(fields), fields: Object.keys(fields) };
  const names = ['id', ...Object.keys(fields), 'created_at', 'updated_at'];
  const selection = sql`${sql.join(names.map((name) => sql.ref(`${table}.${name}`)))}, 1 as version`;
  return {
    async list(request: ListRequest, by: Caller, at?: string): Promise<RecordPage> {
      const query = readListRequest(request, nameable, at);
      const conditions = query.condition === undefined ? [] : [conditionSql(query.condition, table)];
      const source: ListSource = { table, selection, conditions };
      const page = await readPage<Row>(database, source, { ...query, list: listName(table, request, by.id) });
      return {
        items: page.items.map((row) => shaped(toAnswer(row), query)),
        next_cursor: page.next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },
    async get(id: string, _by: Caller, shape: ShapeRequest = {}): Promise<ResourceRecord> {
      const asked = readShape(shape, nameable);
      const query = sql`select ${selection} from ${sql.table(table)} where id = ${id}::uuid`;
      const [row] = isId(id) ? await database.query<Row>(toStatement(query)) : [];
      if (row === undefined) throw notFound(id);
      return shaped(toAnswer(row), asked);
    },
    create: unwritten,
    update: unwritten,
    remove: unwritten,
  };
}

/** No route leads here: the exchange alone writes such a table. */
async function unwritten(): Promise<never> {
  throw new TypeError('the exchange alone writes this table');
}

/** Instants as text. */
function toAnswer(row: Row): Row {
  const values = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  return { ...row, ...Object.fromEntries(values) };
}
