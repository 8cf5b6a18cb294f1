import { AppError, isAppError } from '@orchestrall/sdk';
import type { Caller, Transaction } from '@orchestrall/sdk';
import { oneByOne } from '@orchestrall/sdk/resources';
import type { BulkService, RecordEdit as Patch } from '@orchestrall/sdk/resources';
import { fieldsOf } from './kind.ts';
import type { CommonFields, Kept, RecordKind } from './kind.ts';
import { refuseProtected } from './protected.ts';
import { requireFields, requirePatched } from './require.ts';
import type { RecordService, RecordServiceOptions } from './service.ts';
import { lockRecords } from './store.ts';
import { refuseUnseenReferences, withoutUnseen } from './unseen.ts';
import { createRecords, editRecords } from './write.ts';
import type { RecordEdit } from './write.ts';

/** What changes of a kind of record by filter stand on: many records a statement, each held to what a single one is. */
export function createBulkService<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  service: RecordService<Fields>,
  { access, tables, owners }: Pick<RecordServiceOptions, 'access' | 'tables' | 'owners'>,
): BulkService<Kept<Fields>> {
  const viewOf = (by: Caller) => access.viewOf(by, kind.name);

  async function planEdit(
    tx: Transaction,
    { record, patch }: Patch<Kept<Fields>>,
    by: Caller,
  ): Promise<RecordEdit<Fields> | AppError> {
    return orRefusal(async () => {
      refuseProtected(patch, viewOf(by));
      const fields = requirePatched(fieldsOf(kind, record), patch, (given) => kind.read(given));
      await owners.require(fields, record, by);
      await refuseUnseenReferences(kind, tx, { fields, before: record }, by, access, tables);
      return { before: record, fields };
    });
  }

  return {
    ...service,
    removeMany: oneByOne(service).removeMany,
    lock: (tx, ids, by) => lockRecords(kind, tx, ids, viewOf(by).condition),

    async editMany(tx, edits, by) {
      const planned: (RecordEdit<Fields> | AppError)[] = [];
      for (const edit of edits) planned.push(await planEdit(tx, edit, by));
      const possible = planned.flatMap((plan) => (plan instanceof AppError ? [] : [plan]));
      const edited = await editRecords(kind, tx, possible, by);
      const results = new Map(possible.map((plan, index) => [plan, edited[index]]));
      return Promise.all(
        planned.map(async (plan) => {
          if (plan instanceof AppError) return plan;
          const result = await withoutUnseen(kind, tx, plan.fields, viewOf(by), results.get(plan));
          return result ?? plan.before;
        }),
      );
    },

    async restoreMany(tx, records, by) {
      const planned: (Fields | AppError)[] = [];
      for (const record of records) {
        planned.push(
          await orRefusal(async () => requireFields(fieldsOf(kind, record), (given) => kind.read(given))),
        );
      }
      const possible = records.flatMap((record, index) => {
        const fields = planned[index];
        return fields === undefined || fields instanceof AppError
          ? []
          : [{ id: record.id, version: record.version + 1, fields }];
      });
      const created = await createRecords(kind, tx, possible, by);
      const byId = new Map(possible.map(({ id }, index) => [id, created[index]]));
      return records.map((record, index) => {
        const plan = planned[index];
        if (plan instanceof AppError) return plan;
        const result = byId.get(record.id);
        if (result === undefined) throw new TypeError(`a restored ${kind.name} was not returned`);
        return result;
      });
    },
  };
}

async function orRefusal<Result>(work: () => Promise<Result>): Promise<Result | AppError> {
  try {
    return await work();
  } catch (error) {
    if (isAppError(error) && error.status < 500) return error;
    throw error;
  }
}
