import type { Transaction } from '../../database.ts';
import { isAppError } from '../../errors.ts';
import type { AppError } from '../../errors.ts';
import type { Caller } from '../../http.ts';
import { isCollision } from '../changes/change-records.ts';
import type { BulkService, ResourceRecord } from '../service.ts';
import { reasonOf } from './reason.ts';
import type { BulkWork } from './run.ts';
import { beginBulk } from './store.ts';
import type { ItemResult, StoredBulk } from './store.ts';

/** What a bulk change does to records. */
export type BulkDeed = Pick<StoredBulk, 'action' | 'patch'>;

/** What became of one locked record: the record then, undefined once deleted, or why it was refused. */
export type DeedResult = ResourceRecord | AppError | undefined;

/** The work of changing or deleting the records of a filter. */
export function changeWork(service: BulkService): BulkWork {
  return {
    during: ['queued', 'running'],
    outcome: null,
    ending: 'completed',
    requester: ({ caller }) => caller,
    async begin(tx, stored, by) {
      if (stored.matched === null)
        await beginBulk(tx, stored.id, await service.source(stored.request, by, ''));
    },
    async apply(tx, stored, items, by) {
      const records = await service.lock(
        tx,
        items.map(({ record_id }) => record_id),
        by,
      );
      const done = await applyDeed(tx, service, stored, records, by);
      const results = new Map(
        records.map((record, index) => [record.id, resultOf(stored, record, done[index])]),
      );
      return items.map(({ record_id }) => results.get(record_id) ?? goneResult(stored, record_id));
    },
  };
}

/**
 * Does the same to locked records, all in one go; where a constraint of the table refuses one of them, the
 * others are done all the same.
 */
export async function applyDeed(
  tx: Transaction,
  service: BulkService,
  deed: BulkDeed,
  records: readonly ResourceRecord[],
  by: Caller,
): Promise<readonly DeedResult[]> {
  const apply = async (some: readonly ResourceRecord[]): Promise<readonly DeedResult[]> =>
    tx.savepoint(async () => {
      if (deed.action === 'delete') return service.removeMany(tx, some, by);
      const patch = deed.patch ?? {};
      return service.editMany(
        tx,
        some.map((record) => ({ record, patch })),
        by,
      );
    });
  return halvedWhereRefused(records, apply);
}

/**
 * Does all at once; where that is refused, each half by itself, down to the one that is to blame, in whose place the
 * refusal stands.
 */
export async function halvedWhereRefused<Item, Result>(
  items: readonly Item[],
  apply: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly (Result | AppError)[]> {
  if (items.length === 0) return [];
  try {
    return await apply(items);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (items.length === 1) return [error];
  }
  const half = Math.ceil(items.length / 2);
  return [
    ...(await halvedWhereRefused(items.slice(0, half), apply)),
    ...(await halvedWhereRefused(items.slice(half), apply)),
  ];
}

/** Whether it is what one record is refused for, and no failure that another attempt may mend. */
function isRefusal(error: unknown): error is AppError {
  if (!isAppError(error) || error.status >= 500) return false;
  return error.code === 'CONSTRAINT_VIOLATED' || !isCollision(error);
}

function resultOf({ action, patch }: BulkDeed, record: ResourceRecord, done: DeedResult): ItemResult {
  const { id: record_id, version } = record;
  if (isAppError(done)) return { record_id, outcome: 'failed', reason: reasonOf(done) };
  if (action === 'delete') return { record_id, outcome: 'changed', before: record };
  if (done === undefined || done.version === version) return { record_id, outcome: 'unchanged' };
  return {
    record_id,
    outcome: 'changed',
    before: formerOf(record, patch ?? {}),
    version_after: done.version,
  };
}

/** A record that was there when the change began and is not there for the caller any more. */
function goneResult({ action }: BulkDeed, record_id: string): ItemResult {
  if (action === 'delete') return { record_id, outcome: 'unchanged' };
  return {
    record_id,
    outcome: 'failed',
    reason: 'it was deleted, or is out of sight, since the change began',
  };
}

/** The merge patch that takes a patch back. */
function formerOf(record: ResourceRecord, patch: object): object {
  const former = new Map<string, unknown>(Object.entries(record));
  return Object.fromEntries(Object.keys(patch).map((name) => [name, former.get(name) ?? null]));
}
