import type { Database, Transaction } from '../../database.ts';
import { isAppError } from '../../errors.ts';

const collisions = new Set(['CONSTRAINT_VIOLATED', 'SERIALIZATION_FAILED']);

/** Times a change is tried; each but the last may end in a collision. */
const attempts = 4;

/** Whether a change failed only because another one was under way. */
export function isCollision(error: unknown): boolean {
  return isAppError(error) && collisions.has(error.code);
}

/**
 * Changes records in one transaction, and again after it collided with another one, such as two that take one e-mail
 * at a time or lock the same records in another order: then the winner's state is there to be seen, and the answer
 * says who holds what. Throws the collision once it has happened four times; `last` says that it is not tried again.
 */
export async function changeRecords<Result>(
  database: Database,
  work: (tx: Transaction, last: boolean) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction((tx) => work(tx, attempt === attempts));
    } catch (error) {
      if (attempt === attempts || !isCollision(error)) throw error;
    }
  }
}
