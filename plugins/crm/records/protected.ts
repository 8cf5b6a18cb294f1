import { validationFailed } from '@orchestrall/sdk';
import { isObject } from '@orchestrall/sdk/resources';
import type { View } from './access.ts';

/** Refuses fields that the caller may not write. Throws `VALIDATION_FAILED`. */
export function refuseProtected(given: unknown, { hidden, readOnly }: View): void {
  if (!isObject(given)) return;
  const faults = Object.keys(given).flatMap((name) => {
    if (hidden.has(name)) return [{ path: `/${name}`, message: 'is not a known field' }];
    return readOnly.has(name) ? [{ path: `/${name}`, message: 'may not be written by your role' }] : [];
  });
  if (faults.length > 0) throw validationFailed(faults);
}
