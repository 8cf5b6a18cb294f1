import { AppError, validationFailed } from '@orchestrall/sdk';
import { applyMergePatch, isObject } from '@orchestrall/sdk/resources';
import type { Checked, JsonObject } from '@orchestrall/sdk/resources';

/** The fields that were given; throws `VALIDATION_FAILED` with every fault. */
export function requireFields<Fields>(given: unknown, read: (given: JsonObject) => Checked<Fields>): Fields {
  const { fields, faults } = read(requireObject(given));
  if (faults.length > 0) throw validationFailed(faults);
  return fields;
}

/** The fields after a JSON merge patch; throws `VALIDATION_FAILED` with every fault. */
export function requirePatched<Fields>(
  current: JsonObject,
  patch: unknown,
  read: (given: JsonObject) => Checked<Fields>,
): Fields {
  return requireFields(applyMergePatch(current, requireObject(patch)), read);
}

/** The one result of a batch of one; throws it if it is a refusal. */
export function requireOnly<Item>(result: Item | AppError | undefined): Item {
  if (result === undefined) throw new TypeError('a batch of one had no result');
  if (result instanceof AppError) throw result;
  return result;
}

function requireObject(given: unknown): JsonObject {
  if (isObject(given)) return given;
  throw validationFailed([{ path: '', message: 'must be a JSON object' }]);
}
