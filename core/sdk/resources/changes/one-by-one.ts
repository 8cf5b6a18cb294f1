import type { Transaction } from '../../database.ts';
import { isAppError } from '../../errors.ts';
import type { AppError } from '../../errors.ts';
import type { BulkService, ResourceRecord, ResourceService } from '../service.ts';
import { isCollision } from './change-records.ts';

/**
 * The changes of many records that a service makes one after another, each as a request of its own would: for a service
 * whose `update` and `remove` decide more than can be done for many at once. Slower than what is made for many, and right.
 */
export function oneByOne(
  service: Pick<ResourceService, 'update' | 'remove'>,
): Pick<BulkService, 'editMany' | 'removeMany'> {
  return {
    async editMany(tx, edits, by) {
      const results: (ResourceRecord | AppError)[] = [];
      for (const { record, patch } of edits) {
        results.push(await orRefusal(tx, async () => service.update(tx, record.id, patch, by)));
      }
      return results;
    },
    async removeMany(tx, records, by) {
      const results: (AppError | undefined)[] = [];
      for (const { id } of records) {
        results.push(await orRefusal(tx, async () => service.remove(tx, id, by).then(() => undefined)));
      }
      return results;
    },
  };
}

/** What the change of one record gives, or what it is refused for; what is no refusal is thrown. */
async function orRefusal<Result>(tx: Transaction, change: () => Promise<Result>): Promise<Result | AppError> {
  try {
    return await tx.savepoint(change);
  } catch (error) {
    if (isAppError(error) && error.status < 500 && !isCollision(error)) return error;
    throw error;
  }
}
