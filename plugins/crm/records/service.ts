import { isId } from '@orchestrall/sdk';
import type { Database, Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import { byId, readPage } from '../paging/cursor.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import { changeRecords } from './change-records.ts';
import { checkVersion } from './if-match.ts';
import { fieldsOf } from './kind.ts';
import type { Kept, RecordKind } from './kind.ts';
import { requireFields, requireOnly, requirePatched } from './require.ts';
import type { Queryable } from './sql.ts';
import { findRecord, listRecords, lockRecords } from './store.ts';
import type { RecordFilter } from './store.ts';
import { createRecords, editRecords, removeRecord } from './write.ts';

/** Decisions about one kind of record; `NOT_FOUND` and `TAKEN` stand for the codes of the kind. */
export interface RecordService<Fields extends object, Filter extends RecordFilter> {
  /** Throws `NOT_FOUND`. */
  get(id: string): Promise<Kept<Fields>>;
  find(id: string): Promise<Kept<Fields> | undefined>;
  /** Oldest first. Throws `CURSOR_INVALID`. */
  list(filter: Filter, page: PageRequest): Promise<Page<Kept<Fields>>>;
  /** Throws `VALIDATION_FAILED`, `TAKEN`. */
  create(input: unknown, by: Actor): Promise<Kept<Fields>>;
  /**
   * Applies a JSON merge patch; a patch that changes nothing leaves the version as it is.
   * Throws `NOT_FOUND`, `VERSION_MISMATCH`, `VALIDATION_FAILED`, `TAKEN`.
   */
  update(id: string, patch: unknown, by: Actor, ifMatch?: string): Promise<Kept<Fields>>;
  /** Deletes for good; what it was stays in the audit entries. Throws `NOT_FOUND`, `VERSION_MISMATCH`. */
  remove(id: string, ifMatch?: string): Promise<void>;
}

/** Creates the service of one kind of record. */
export function createRecordService<Fields extends object, Filter extends RecordFilter>(
  kind: RecordKind<Fields>,
  database: Database,
): RecordService<Fields, Filter> {
  return {
    get: (id) => requireRecord(kind, database, id),
    find: (id) => findRecord(kind, database, id),

    list(filter, page) {
      const list = nameOf(kind, filter);
      const load = (after: string | undefined, limit: number) =>
        listRecords(kind, database, filter, after, limit);
      return readPage(
        list,
        page,
        byId((record) => record.id),
        load,
      );
    },

    async create(input, by) {
      const fields = requireFields(input, (given) => kind.read(given));
      return changeRecords(database, async (tx) => requireOnly(await createRecords(kind, tx, [fields], by)));
    },

    update: (id, patch, by, ifMatch) =>
      changeRecords(database, async (tx) => {
        const before = await lockRecord(kind, tx, id);
        checkVersion(before, ifMatch);
        const fields = requirePatched(fieldsOf(kind, before), patch, (given) => kind.read(given));
        return requireOnly(await editRecords(kind, tx, [{ before, fields }], by));
      }),

    remove: (id, ifMatch) =>
      changeRecords(database, async (tx) => {
        const record = await lockRecord(kind, tx, id);
        checkVersion(record, ifMatch);
        await removeRecord(kind, tx, record);
      }),
  };
}

/** The record; throws the kind's `notFound`. */
export async function requireRecord<Fields extends object>(
  kind: RecordKind<Fields>,
  database: Queryable,
  id: string,
): Promise<Kept<Fields>> {
  const record = await findRecord(kind, database, id);
  if (record === undefined) throw kind.notFound(id);
  return record;
}

/** The record, locked until the transaction ends; throws the kind's `notFound`. */
export async function lockRecord<Fields extends object>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  id: string,
): Promise<Kept<Fields>> {
  const [record] = isId(id) ? await lockRecords(kind, tx, [id]) : [];
  if (record === undefined) throw kind.notFound(id);
  return record;
}

/** The list of these filters, whatever their order, by which its cursors are known. */
function nameOf(kind: Pick<RecordKind<object>, 'table'>, filter: RecordFilter): string {
  const filters = Object.entries(filter).filter(([, value]) => value !== undefined);
  return JSON.stringify([kind.table, ...filters.toSorted(([left], [right]) => (left < right ? -1 : 1))]);
}
