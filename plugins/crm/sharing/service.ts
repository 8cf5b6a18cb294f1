import { isDeepStrictEqual } from 'node:util';
import { validationFailed } from '@orchestrall/sdk';
import type { AppError, Caller, Database, EventDefinition, Fault, Transaction } from '@orchestrall/sdk';
import {
  checkVersion,
  columnsOf,
  conditionSql,
  countRows,
  isObject,
  listName,
  readListRequest,
  readPage,
  readShape,
  shaped,
} from '@orchestrall/sdk/resources';
import type {
  Checked,
  FieldSet,
  JsonObject,
  Kept,
  ListSource,
  ResourceService,
} from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../errors.ts';
import { requireFields, requirePatched } from '../records/require.ts';
import type { SharedFields } from './fields.ts';
import { audienceOf, mayChange, requireTeam, seenBy } from './rights.ts';
import { columnsSql, findShared, fromRow, insertShared, updateShared } from './store.ts';

/** What is particular to one sort of what users keep and share. */
export interface SharedDefinition<Fields extends SharedFields> {
  /** What its events and audit entries call it. */
  readonly name: 'list' | 'view';
  readonly table: string;
  readonly fields: FieldSet;
  /** Fields that are answered beside those that are kept. */
  readonly told: readonly string[];
  readonly events: {
    readonly created: EventDefinition;
    readonly updated: EventDefinition;
    readonly deleted: EventDefinition;
  };
  /** What its fields cannot be, for whoever writes them. */
  faults(fields: Fields, by: Caller, before: Fields | undefined): readonly Fault[];
  /** Kept ones as a caller is answered, `told` included. */
  show(records: readonly Kept<Fields>[], by: Caller): Promise<readonly (Kept<Fields> & object)[]>;
  notFound(id: string): AppError;
}

/** The service of one sort of what users keep and share. */
export interface SharedService<Fields extends SharedFields> extends ResourceService {
  /** The one that the caller sees. Throws the definition's `notFound`. */
  require(id: string, by: Caller): Promise<Kept<Fields>>;
  /** The same, locked, for a caller who may change it. Throws `notFound`, `NOT_YOURS`. */
  lock(tx: Transaction, id: string, by: Caller): Promise<Kept<Fields>>;
}

/** Creates the service: each is seen by those it is shared with, and changed by its owner and administrators. */
export function createSharedService<Fields extends SharedFields>(
  definition: SharedDefinition<Fields>,
  read: (given: JsonObject) => Checked<Fields>,
  database: Database,
): SharedService<Fields> {
  const { name, table, fields, told, events } = definition;
  const nameable = { columns: columnsOf(fields), fields: [...Object.keys(fields), ...told] };
  const shown = async (record: Kept<Fields>, by: Caller): Promise<Kept<Fields>> =>
    (await definition.show([record], by))[0] ?? record;
  const required = async (id: string, by: Caller): Promise<Kept<Fields>> => {
    const record = await findShared<Fields>(definition, database, id, seenBy(table, by));
    if (record === undefined) throw definition.notFound(id);
    return record;
  };
  const locked = async (tx: Transaction, id: string, by: Caller): Promise<Kept<Fields>> => {
    const record = await findShared<Fields>(definition, tx, id, seenBy(table, by), sql`for update`);
    if (record === undefined) throw definition.notFound(id);
    if (!mayChange(record, by)) throw crmError('NOT_YOURS', { what: name, id });
    return record;
  };
  const hold = (values: Fields, by: Caller, before?: Fields): void => {
    requireTeam(values, by);
    const faults = definition.faults(values, by, before);
    if (faults.length > 0) throw validationFailed(faults);
  };
  const subject = ({ id }: Kept<Fields>) => ({ subjectType: name, subjectId: id });
  const emit = (tx: Transaction, event: EventDefinition, record: Kept<Fields>, more: object = {}) => {
    const visibleTo = audienceOf(record);
    tx.emit(
      event,
      { [name]: record, ...more },
      { subject: record.id, ...(visibleTo === undefined ? {} : { visibleTo }) },
    );
  };

  return {
    require: required,
    lock: locked,

    async list(request, by, at) {
      const query = readListRequest(request, nameable, at);
      const seen = seenBy(table, by);
      const conditions = seen === undefined ? [] : [seen];
      if (query.condition !== undefined) conditions.push(conditionSql(query.condition, table));
      const source: ListSource = { table, selection: columnsSql(definition), conditions };
      const list = listName(table, request, by.id);
      const page = await readPage<Parameters<typeof fromRow<Fields>>[0]>(database, source, {
        ...query,
        list,
      });
      const records = await definition.show(
        page.items.map((row) => fromRow<Fields>(row)),
        by,
      );
      return {
        items: records.map((record) => shaped(record, query)),
        next_cursor: page.next_cursor,
        ...(query.count ? { count: await countRows(database, source) } : {}),
      };
    },

    async get(id, by, shape = {}) {
      const asked = readShape(shape, nameable);
      return shaped(await shown(await required(id, by), by), asked);
    },

    async create(tx, input, by) {
      const owned = isObject(input) && !('owner_id' in input) ? { ...input, owner_id: by.id } : input;
      const values = requireFields(owned, read);
      hold(values, by);
      const record = await insertShared<Fields>(definition, tx, values);
      emit(tx, events.created, record);
      tx.audit({ action: events.created.type, ...subject(record), after: record });
      return shown(record, by);
    },

    async update(tx, id, patch, by, ifMatch) {
      const before = await locked(tx, id, by);
      checkVersion(before, ifMatch);
      const values = requirePatched(writtenOf(fields, before), patch, read);
      if (values.kind !== before.kind) {
        throw validationFailed([{ path: '/kind', message: `must stay ${before.kind}; make a new one` }]);
      }
      hold(values, by, before);
      const kept = new Map(Object.entries(before));
      const changed = Object.entries(values).flatMap(([field, value]) =>
        isDeepStrictEqual(value, kept.get(field)) ? [] : [field],
      );
      if (changed.length === 0) return shown(before, by);
      const after = await updateShared<Fields>(definition, tx, before.id, values);
      emit(tx, events.updated, after, { changed });
      tx.audit({ action: events.updated.type, ...subject(after), before, after });
      return shown(after, by);
    },

    async remove(tx, id, by, ifMatch) {
      const before = await locked(tx, id, by);
      checkVersion(before, ifMatch);
      await tx.query(`delete from ${table} where id = $1`, [before.id]);
      emit(tx, events.deleted, before);
      tx.audit({ action: events.deleted.type, ...subject(before), before });
    },
  };
}

/** The fields of a kept one alone, as a patch applies to them. */
function writtenOf(fields: FieldSet, record: object): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => Object.hasOwn(fields, name)));
}
