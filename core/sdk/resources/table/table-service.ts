import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.ts';
import { validationFailed } from '../../errors.ts';
import { createId, isId } from '../../id.ts';
import { checkVersion } from '../changes/version.ts';
import { resourceError } from '../errors.ts';
import { readFields } from '../fields/field.ts';
import { applyMergePatch, isObject } from '../fields/merge-patch.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { Kept } from '../fields/schemas.ts';
import { columnsOf } from '../query/columns.ts';
import { toStatement } from '../query/compiler.ts';
import type { Queryable } from '../query/compiler.ts';
import { listName, readListRequest, readShape } from '../query/list-request.ts';
import { countRows } from '../query/count.ts';
import { conditionSql } from '../query/condition-sql.ts';
import type { Sql } from '../query/condition-sql.ts';
import { readPage } from '../query/page.ts';
import { shaped } from '../query/shape.ts';
import type { ResourceService } from '../service.ts';
import type { TableResource } from './define-table.ts';

type TableRecord = Kept<JsonObject>;

/** The service of a plain resource: every decision follows from its fields. */
export function createTableService(resource: TableResource, database: Database): ResourceService {
  const { name, table, fields, events } = resource;
  const columns = columnsOf(fields);
  const nameable = { columns, fields: Object.keys(fields) };
  const noun = { subjectType: name };
  return {
    async list(request, by, at) {
      const query = readListRequest(request, nameable, at);
      const conditions = query.condition === undefined ? [] : [conditionSql(query.condition, table)];
      const source = { table, selection: selectionOf(resource), conditions };
      const page = await readPage<TableRow>(database, source, {
        ...query,
        list: listName(table, request, by.id),
      });
      return {
        items: page.items.map((row) => shaped(toRecord(row), query)),
        next_cursor: page.next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async get(id, _by, shape = {}) {
      const record = await find(resource, database, id, sql``);
      return shaped(record, readShape(shape, nameable));
    },

    async create(tx, input, _by) {
      const record = await insert(resource, tx, read(resource, input));
      tx.emit(events.created, { [name]: record }, { subject: record.id });
      tx.audit({ action: `${name}.created`, ...noun, subjectId: record.id, after: record });
      return record;
    },

    async update(tx, id, patch, _by, ifMatch) {
      const before = await find(resource, tx, id, sql`for update`);
      checkVersion(before, ifMatch);
      const values = read(resource, applyMergePatch(given(resource, before), requireObject(patch)));
      const changed = Object.keys(values).filter((field) => !isDeepStrictEqual(values[field], before[field]));
      if (changed.length === 0) return before;
      const after = await update(resource, tx, before.id, values);
      tx.emit(events.updated, { [name]: after, changed }, { subject: after.id });
      tx.audit({ action: `${name}.updated`, ...noun, subjectId: after.id, before, after });
      return after;
    },

    async remove(tx, id, _by, ifMatch) {
      const before = await find(resource, tx, id, sql`for update`);
      checkVersion(before, ifMatch);
      await tx.query(toStatement(sql`delete from ${sql.table(table)} where id = ${before.id}`));
      tx.emit(events.deleted, { [name]: before }, { subject: before.id });
      tx.audit({ action: `${name}.deleted`, ...noun, subjectId: before.id, before });
    },
  };
}

type TableRow = JsonObject & {
  readonly id: string;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

function toRecord(row: TableRow): TableRecord {
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
function selectionOf({ table, fields }: Pick<TableResource, 'table' | 'fields'>): Sql {
  const names = ['id', ...Object.keys(fields), 'created_at', 'updated_at', 'version'];
  return sql.join(
    names.map((name) => sql`${sql.ref(`${table}.${fields[name]?.column ?? name}`)} as ${sql.ref(name)}`),
  );
}

async function find(
  resource: TableResource,
  database: Queryable,
  id: string,
  lock: Sql,
): Promise<TableRecord> {
  const { name, table, path } = resource;
  const query = sql`select ${selectionOf(resource)} from ${sql.table(table)} where id = ${id} ${lock}`;
  const [row] = isId(id) ? await database.query<TableRow>(toStatement(query)) : [];
  if (row === undefined) throw resourceError('RECORD_NOT_FOUND', { resource: name, id, path });
  return toRecord(row);
}

async function insert(resource: TableResource, tx: Transaction, values: JsonObject): Promise<TableRecord> {
  const { table } = resource;
  const names = Object.keys(values);
  const columns = sql.join([sql.ref('id'), ...names.map((name) => columnOf(resource, name))]);
  const written = sql.join([createId(), ...names.map((name) => valueOf(resource, name, values))]);
  return write(
    resource,
    tx,
    sql`insert into ${sql.table(table)} (${columns}) values (${written}) returning ${selectionOf(resource)}`,
  );
}

async function update(
  resource: TableResource,
  tx: Transaction,
  id: string,
  values: JsonObject,
): Promise<TableRecord> {
  const { table } = resource;
  const assignments = Object.keys(values).map(
    (name) => sql`${columnOf(resource, name)} = ${valueOf(resource, name, values)}`,
  );
  const moved = [...assignments, sql`version = version + 1`, sql`updated_at = clock_timestamp()`];
  return write(
    resource,
    tx,
    sql`update ${sql.table(table)} set ${sql.join(moved)} where id = ${id} returning ${selectionOf(resource)}`,
  );
}

async function write(resource: TableResource, tx: Transaction, statement: Sql): Promise<TableRecord> {
  const [row] = await tx.query<TableRow>(toStatement(statement));
  if (row === undefined) throw new TypeError(`a written ${resource.name} was not returned`);
  return toRecord(row);
}

function columnOf({ fields }: TableResource, name: string): Sql {
  return sql.ref(fields[name]?.column ?? name);
}

function valueOf({ fields }: TableResource, name: string, values: JsonObject): Sql {
  return sql`${values[name]}::${sql.raw(fields[name]?.type ?? 'text')}`;
}

function read({ fields }: TableResource, input: unknown): JsonObject {
  const checked = readFields(fields, requireObject(input));
  if (checked.faults.length > 0) throw validationFailed(checked.faults);
  return checked.fields;
}

/** The fields of a record alone, as a patch applies to them. */
function given({ fields }: TableResource, record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => Object.hasOwn(fields, name)));
}

function requireObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw validationFailed([{ path: '', message: 'must be a JSON object' }]);
}
