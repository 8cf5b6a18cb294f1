import type { Transaction } from '../../database.ts';
import { isAppError } from '../../errors.ts';
import type { AppError } from '../../errors.ts';
import type { Caller } from '../../http.ts';
import type { BulkService, ResourceRecord } from '../service.ts';
import { halvedWhereRefused } from './change.ts';
import { reasonOf } from './reason.ts';
import type { BulkWork } from './run.ts';
import type { ItemResult, StoredItem } from './store.ts';

/** The work of putting the records of a bulk change back; those that were changed since are left alone. */
export function undoWork(service: BulkService): BulkWork {
  return {
    during: ['undoing'],
    outcome: 'changed',
    ending: 'undone',
    requester: ({ caller, undo_caller }) => undo_caller ?? caller,
    apply: async (tx, { action }, items, by) =>
      action === 'delete' ? restore(tx, service, items, by) : putBack(tx, service, items, by),
  };
}

/** Gives changed records their former fields. */
async function putBack(
  tx: Transaction,
  service: BulkService,
  items: readonly StoredItem[],
  by: Caller,
): Promise<ItemResult[]> {
  const records = await service.lock(
    tx,
    items.map(({ record_id }) => record_id),
    by,
  );
  const found = new Map(records.map((record) => [record.id, record]));
  const reasons = new Map<string, string>();
  const edits: { readonly record: ResourceRecord; readonly patch: object }[] = [];
  for (const { record_id, before, version_after } of items) {
    const record = found.get(record_id);
    if (record === undefined) reasons.set(record_id, 'it was deleted since, or is out of sight');
    else if (record.version !== version_after) {
      reasons.set(
        record_id,
        `it was changed since: it is at version ${record.version}, the bulk change left it at ${version_after}`,
      );
    } else if (before === null) reasons.set(record_id, forgotten);
    else edits.push({ record, patch: before });
  }
  const results = await halvedWhereRefused(edits, async (some) =>
    tx.savepoint(async () => service.editMany(tx, some, by)),
  );
  for (const [index, { record }] of edits.entries()) refuse(reasons, record.id, results[index]);
  return outcomes(items, reasons);
}

/** Puts deleted records back. */
async function restore(
  tx: Transaction,
  service: BulkService,
  items: readonly StoredItem[],
  by: Caller,
): Promise<ItemResult[]> {
  const reasons = new Map<string, string>();
  const deleted: ResourceRecord[] = [];
  for (const { record_id, before } of items) {
    if (isRecord(before)) deleted.push(before);
    else reasons.set(record_id, forgotten);
  }
  const results = await halvedWhereRefused(deleted, async (some) =>
    tx.savepoint(async () => service.restoreMany(tx, some, by)),
  );
  for (const [index, { id }] of deleted.entries()) refuse(reasons, id, results[index]);
  return outcomes(items, reasons);
}

const forgotten = 'its state from before is no longer kept';

function refuse(
  reasons: Map<string, string>,
  id: string,
  result: ResourceRecord | AppError | undefined,
): void {
  if (isAppError(result)) reasons.set(id, reasonOf(result));
}

/** What became of each; the states from before have served. */
function outcomes(items: readonly StoredItem[], reasons: ReadonlyMap<string, string>): ItemResult[] {
  return items.map(({ record_id }) => {
    const reason = reasons.get(record_id);
    return reason === undefined ? { record_id, outcome: 'undone' } : { record_id, outcome: 'kept', reason };
  });
}

function isRecord(before: object | null): before is ResourceRecord {
  return before !== null && 'id' in before && 'version' in before;
}
