import { isId } from '@orchestrall/sdk';
import type { Caller, Database, Transaction } from '@orchestrall/sdk';
import {
  checkVersion,
  columnsOf,
  conditionSql,
  countRows,
  listName,
  readListRequest,
  readPage,
  readShape,
  shaped,
  toStatement,
} from '@orchestrall/sdk/resources';
import type {
  ListRequest,
  ListSource,
  Page,
  Queryable,
  ResourceService,
  Sql,
} from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access, View } from './access.ts';
import { withDefaultOwner } from './default-owner.ts';
import { fieldsOf, withDefaults } from './kind.ts';
import type { CommonFields, Kept, RecordKind } from './kind.ts';
import { questionCondition } from './question-condition.ts';
import type { ListConditions } from './list-conditions.ts';
import { absenceOf } from './merged.ts';
import { ownConditions } from './own-filters.ts';
import type { Owners } from './owners.ts';
import { refuseProtected } from './protected.ts';
import { requireFields, requireOnly, requirePatched } from './require.ts';
import { findRecord, lockRecords, selectionSql, toRecord } from './store.ts';
import type { RecordRow } from './store.ts';
import { refuseUnseenReferences, withoutUnseen } from './unseen.ts';
import type { TablesByKind } from './unseen.ts';
import { createRecords, editRecords, removeRecord } from './write.ts';

/** Decisions about one kind of record; `NOT_FOUND` and `TAKEN` stand for the codes of the kind. */
export interface RecordService<Fields extends CommonFields> extends ResourceService {
  /** A page of whole records, whatever `fields` says. Throws as `list` does. */
  page(request: ListRequest, by: Caller, at?: string): Promise<Page<Kept<Fields>>>;
  find(id: string, by: Caller): Promise<Kept<Fields> | undefined>;
  /** What a list is read from: what is asked for, of what this caller may see. Throws `VALIDATION_FAILED`. */
  source(request: ListRequest, by: Caller, at?: string): Promise<ListSource>;
  /** All records of a list, through a cursor of the database; paging is left out of account. */
  stream(request: ListRequest, by: Caller): AsyncIterable<Kept<Fields>>;
  /** Throws `VALIDATION_FAILED`, `TAKEN`. */
  create(tx: Transaction, input: unknown, by: Caller): Promise<Kept<Fields>>;
  /** A patch that changes nothing leaves the version as it is. Throws `NOT_FOUND`, `VERSION_MISMATCH`, `VALIDATION_FAILED`, `TAKEN`. */
  update(tx: Transaction, id: string, patch: unknown, by: Caller, ifMatch?: string): Promise<Kept<Fields>>;
}

/** What the records of a kind stand on. */
export interface RecordServiceOptions {
  readonly database: Database;
  readonly access: Access;
  readonly tables: TablesByKind;
  readonly lists: ListConditions;
  readonly owners: Owners;
}

/** Creates the service of one kind of record. */
export function createRecordService<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  { database, access, tables, lists, owners }: RecordServiceOptions,
): RecordService<Fields> {
  const viewOf = (by: Caller): View => access.viewOf(by, kind.name);
  const nameableBy = (view: View) => {
    const columns = columnsOf(kind.fields, view.hidden);
    return { columns, fields: Object.keys(kind.fields).filter((name) => !view.hidden.has(name)) };
  };
  const prepare = async (request: ListRequest, by: Caller, at?: string) => {
    const view = viewOf(by);
    const query = readListRequest(request, nameableBy(view), at);
    const conditions = [...ownConditions(kind, request.filters, view)];
    if (view.condition !== undefined) conditions.push(view.condition);
    if (query.condition !== undefined) conditions.push(conditionSql(query.condition, kind.table));
    const { q, list } = request.filters ?? {};
    if (typeof list === 'string') conditions.push(await lists.conditionOf(list, kind, by));
    if (typeof q === 'string') conditions.push(await questionCondition(kind, database, q, view));
    const source: ListSource = { table: kind.table, selection: selectionSql(kind), conditions };
    return { view, query, source };
  };
  const read = async (
    { view, query, source }: Awaited<ReturnType<typeof prepare>>,
    request: ListRequest,
    by: Caller,
  ): Promise<Page<Kept<Fields>>> => {
    const list = listName(kind.table, request, by.id);
    const { items, next_cursor } = await readPage<RecordRow<Fields>>(database, source, { ...query, list });
    return { items: items.map((row) => masked(toRecord<Fields>(row), view)), next_cursor };
  };

  return {
    source: async (request, by, at) => (await prepare(request, by, at)).source,

    page: async (request, by, at) => read(await prepare(request, by, at), request, by),

    async list(request, by, at) {
      const prepared = await prepare(request, by, at);
      const { items, next_cursor } = await read(prepared, request, by);
      const { query, source } = prepared;
      return {
        items: items.map((record) => shaped(record, query)),
        next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async *stream(request, by) {
      const { view, source } = await prepare(request, by);
      const rows = database.stream<RecordRow<Fields>>(allOf(source));
      for await (const row of rows) yield masked(toRecord<Fields>(row), view);
    },

    async find(id, by) {
      const view = viewOf(by);
      const record = await findRecord(kind, database, id, view.condition);
      return record === undefined ? undefined : masked(record, view);
    },

    async get(id, by, shape = {}) {
      const view = viewOf(by);
      const record = await requireRecord(kind, database, id, view.condition);
      return shaped(masked(record, view), readShape(shape, nameableBy(view)));
    },

    async create(tx, input, by) {
      const view = viewOf(by);
      refuseProtected(input, view);
      const fields = requireFields(withDefaultOwner(input, by), (given) =>
        kind.read(withDefaults(kind, given)),
      );
      await owners.require(fields, undefined, by);
      await refuseUnseenReferences(kind, tx, { fields }, by, access, tables);
      const [created] = await createRecords(kind, tx, [{ fields }], by);
      return masked(requireOnly(await withoutUnseen(kind, tx, fields, view, created)), view);
    },

    async update(tx, id, patch, by, ifMatch) {
      const view = viewOf(by);
      const before = await lockRecord(kind, tx, id, view.condition);
      checkVersion(before, ifMatch, (record) => masked(record, view));
      refuseProtected(patch, view);
      const fields = requirePatched(fieldsOf(kind, before), patch, (given) => kind.read(given));
      await owners.require(fields, before, by);
      await refuseUnseenReferences(kind, tx, { fields, before }, by, access, tables);
      const [edited] = await editRecords(kind, tx, [{ before, fields }], by);
      return masked(requireOnly(await withoutUnseen(kind, tx, fields, view, edited)), view);
    },

    async remove(tx, id, by, ifMatch) {
      const view = viewOf(by);
      const record = await lockRecord(kind, tx, id, view.condition);
      checkVersion(record, ifMatch, (current) => masked(current, view));
      await removeRecord(kind, tx, record, by);
    },
  };
}

/** The record; throws the kind's `notFound` when there is none, or none that is visible, and `RECORD_MERGED` when it is part of another. */
export async function requireRecord<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  database: Queryable,
  id: string,
  visible?: Sql,
): Promise<Kept<Fields>> {
  const record = await findRecord(kind, database, id, visible);
  if (record === undefined) throw await absenceOf(kind, database, id, visible);
  return record;
}

/** The record, locked until the transaction ends; throws as `requireRecord` does. */
export async function lockRecord<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  id: string,
  visible?: Sql,
): Promise<Kept<Fields>> {
  const [record] = isId(id) ? await lockRecords(kind, tx, [id], visible) : [];
  if (record === undefined) throw await absenceOf(kind, tx, id, visible);
  return record;
}

/** A record without the fields that the caller does not learn of. */
export function masked<Fields extends CommonFields>(record: Kept<Fields>, { hidden }: View): Kept<Fields> {
  if (hidden.size === 0) return record;
  const seen = { ...record };
  for (const name of hidden) Reflect.deleteProperty(seen, name);
  return seen;
}

function allOf({ table, selection, conditions }: ListSource) {
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join([...conditions], sql` and `)}`;
  return toStatement(sql`select ${selection} from ${sql.table(table)} ${where} order by id`);
}
