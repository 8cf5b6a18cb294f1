import { isDeepStrictEqual } from 'node:util';
import type { Database, Transaction } from '../../database.ts';
import { isAppError, validationFailed } from '../../errors.ts';
import type { AppError } from '../../errors.ts';
import { createId } from '../../id.ts';
import { isCollision } from '../changes/change-records.ts';
import { checkVersion } from '../changes/version.ts';
import { readFields } from '../fields/field.ts';
import { applyMergePatch, isObject } from '../fields/merge-patch.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import { columnsOf } from '../query/columns.ts';
import { conditionSql } from '../query/condition-sql.ts';
import { countRows } from '../query/count.ts';
import { listName, readListRequest, readShape } from '../query/list-request.ts';
import type { ListQuery } from '../query/list-request.ts';
import { readPage } from '../query/page.ts';
import type { ListSource } from '../query/page.ts';
import { shaped } from '../query/shape.ts';
import type { BulkService } from '../service.ts';
import type { TableChange, TableResource } from './define-table.ts';
import {
  deleteRecords,
  insertRecords,
  lockRecords,
  requireLocked,
  requireRecord,
  selectionOf,
  toRecord,
  updateRecords,
} from './table-store.ts';
import type { TableRecord, TableRow, TableRowInput } from './table-store.ts';

/** The service of a plain resource: every decision follows from its fields. */
export function createTableService(resource: TableResource, database: Database): BulkService<TableRecord> {
  const { table, fields } = resource;
  const columns = columnsOf(fields);
  const nameable = { columns, fields: Object.keys(fields) };
  const sourceOf = ({ condition }: Pick<ListQuery, 'condition'>): ListSource => ({
    table,
    selection: selectionOf(resource),
    conditions: condition === undefined ? [] : [conditionSql(condition, table)],
  });

  return {
    async list(request, by, at) {
      const query = readListRequest(request, nameable, at);
      const source = sourceOf(query);
      const list = listName(table, request, by.id);
      const page = await readPage<TableRow>(database, source, { ...query, list });
      return {
        items: page.items.map((row) => shaped(toRecord(row), query)),
        next_cursor: page.next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async get(id, _by, shape = {}) {
      const asked = readShape(shape, nameable);
      return shaped(await requireRecord(resource, database, id), asked);
    },

    async create(tx, input, _by) {
      return insert(resource, tx, { id: createId(), ...read(resource, requireObject(input)) });
    },

    async update(tx, id, patch, _by, ifMatch) {
      const before = await requireLocked(resource, tx, id);
      checkVersion(before, ifMatch);
      const [after = before] = await edit(resource, tx, [{ record: before, patch }]);
      if (isAppError(after)) throw after;
      return after;
    },

    async remove(tx, id, _by, ifMatch) {
      const before = await requireLocked(resource, tx, id);
      checkVersion(before, ifMatch);
      const [refusal] = await remove(resource, tx, [before]);
      if (refusal !== undefined) throw refusal;
    },

    source: (request, _by, at) => sourceOf(readListRequest(request, nameable, at)),
    lock: async (tx, ids) => lockRecords(resource, tx, ids),
    editMany: async (tx, edits) => edit(resource, tx, edits),
    removeMany: async (tx, records) => remove(resource, tx, records),
    restoreMany: async (tx, records) => restore(resource, tx, records),
  };
}

async function insert(resource: TableResource, tx: Transaction, row: TableRowInput): Promise<TableRecord> {
  await resource.allow?.(tx, { after: row });
  const [record] = tellCreated(resource, tx, await insertRecords(resource, tx, [row]));
  if (record === undefined) throw new TypeError(`a written ${resource.name} was not returned`);
  return record;
}

/** Puts deleted records back; in place of one that may not be created stands the reason. */
async function restore(
  resource: TableResource,
  tx: Transaction,
  records: readonly TableRecord[],
): Promise<(TableRecord | AppError)[]> {
  const rows = records.map((record): TableRowInput => {
    const { id, created_at, version } = record;
    return { id, ...writableOf(resource, record), created_at, version: version + 1 };
  });
  const refusals: (AppError | undefined)[] = [];
  for (const after of rows) refusals.push(await refusalOf(resource, tx, { after }));
  const allowed = rows.filter((_, index) => refusals[index] === undefined);
  const made = new Map(
    tellCreated(resource, tx, await insertRecords(resource, tx, allowed)).map((record) => [
      record.id,
      record,
    ]),
  );
  return records.map((record, index) => refusals[index] ?? made.get(record.id) ?? record);
}

function tellCreated(
  { name, events }: TableResource,
  tx: Transaction,
  records: readonly TableRecord[],
): readonly TableRecord[] {
  for (const record of records) {
    tx.emit(events.created, { [name]: record }, { subject: record.id });
    tx.audit({ action: `${name}.created`, subjectType: name, subjectId: record.id, after: record });
  }
  return records;
}

/** Patches locked records; one that would not change stays as it is, in place of one that cannot stands the reason. */
async function edit(
  resource: TableResource,
  tx: Transaction,
  edits: readonly { readonly record: TableRecord; readonly patch: unknown }[],
): Promise<(TableRecord | AppError)[]> {
  const { name, events } = resource;
  const planned: (TableRowInput | AppError | undefined)[] = [];
  for (const { record: before, patch } of edits) {
    const after = plan(resource, before, patch);
    const isChange = after !== undefined && !isAppError(after);
    planned.push((isChange ? await refusalOf(resource, tx, { before, after }) : undefined) ?? after);
  }
  const rows = planned.flatMap((row) => (row === undefined || isAppError(row) ? [] : [row]));
  const updated = new Map((await updateRecords(resource, tx, rows)).map((record) => [record.id, record]));
  return edits.map(({ record: before }, index) => {
    const row = planned[index];
    if (isAppError(row)) return row;
    const after = updated.get(before.id);
    if (after === undefined) return before;
    const changed = Object.keys(resource.fields).filter(
      (field) => !isDeepStrictEqual(after[field], before[field]),
    );
    tx.emit(events.updated, { [name]: after, changed }, { subject: after.id });
    tx.audit({ action: `${name}.updated`, subjectType: name, subjectId: after.id, before, after });
    return after;
  });
}

/** What a patch makes of a record; undefined for nothing. */
function plan(
  resource: TableResource,
  record: TableRecord,
  patch: unknown,
): TableRowInput | AppError | undefined {
  try {
    const values = read(
      resource,
      requireObject(applyMergePatch(writableOf(resource, record), requireObject(patch))),
    );
    const same = Object.keys(values).every((field) => isDeepStrictEqual(values[field], record[field]));
    return same ? undefined : { id: record.id, ...values };
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

/** Deletes locked records; in place of one that may not be deleted stands the reason. */
async function remove(
  resource: TableResource,
  tx: Transaction,
  records: readonly TableRecord[],
): Promise<(AppError | undefined)[]> {
  const { name, events } = resource;
  const refusals: (AppError | undefined)[] = [];
  for (const before of records) refusals.push(await refusalOf(resource, tx, { before }));
  const removed = records.filter((_, index) => refusals[index] === undefined);
  await deleteRecords(
    resource,
    tx,
    removed.map(({ id }) => id),
  );
  for (const before of removed) {
    tx.emit(events.deleted, { [name]: before }, { subject: before.id });
    tx.audit({ action: `${name}.deleted`, subjectType: name, subjectId: before.id, before });
  }
  return refusals;
}

/** What the resource has to say against a change; what is no refusal, such as a lost connection, is thrown. */
async function refusalOf(
  { allow }: TableResource,
  tx: Transaction,
  change: TableChange,
): Promise<AppError | undefined> {
  try {
    await allow?.(tx, change);
    return undefined;
  } catch (error) {
    if (isAppError(error) && error.status < 500 && !isCollision(error)) return error;
    throw error;
  }
}

function read(resource: TableResource, input: JsonObject): JsonObject {
  const { fields, faults } = readFields(resource.fields, input);
  if (faults.length > 0) throw validationFailed(faults);
  return writableOf(resource, fields);
}

/** The fields of a record that are sent and written, as a patch applies to them. */
function writableOf({ fields }: TableResource, record: JsonObject): JsonObject {
  const written = Object.entries(record).filter(([name]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return field !== undefined && field.derived === undefined;
  });
  return Object.fromEntries(written);
}

function requireObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw validationFailed([{ path: '', message: 'must be a JSON object' }]);
}
