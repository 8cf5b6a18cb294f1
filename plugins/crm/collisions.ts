import { isAppError } from '@orchestrall/sdk';

const collisions = new Set(['CONSTRAINT_VIOLATED', 'SERIALIZATION_FAILED']);

/**
 * Runs a transaction once more after it collided with another one, such as two that take one e-mail at a time:
 * now the winner's state is there to be seen, and the answer says who holds what.
 */
export async function againAfterCollision<Result>(transaction: () => Promise<Result>): Promise<Result> {
  try {
    return await transaction();
  } catch (error) {
    if (isAppError(error) && collisions.has(error.code)) return transaction();
    throw error;
  }
}
