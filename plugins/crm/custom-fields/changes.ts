import type { Fault } from '@orchestrall/sdk';
import type { Declared } from './build-field.ts';
import type { CustomFieldInput } from './schemas.ts';

/** What a declared field is declared with after a merge patch, to be read again; `null` gives back what is said by itself. */
export function patched(declared: Declared, patch: Partial<CustomFieldInput>): CustomFieldInput {
  return { ...declared, ...patch };
}

const fixed = {
  object: 'remove the field and declare it for the other kind',
  name: 'it stands in records, filters and programs; change the label instead',
  type: 'values are kept as what they are; declare another field and remove this one',
  references: 'values are ids of records of that kind; declare another field and remove this one',
} as const;

/** What must not become of a field that has data, with the reason; paths as in the patch. */
export function* faultsOfChange(before: Declared, after: Declared): Generator<Fault> {
  for (const name of ['object', 'name', 'type', 'references'] as const) {
    if (before[name] !== after[name])
      yield { path: `/${name}`, message: `cannot be changed: ${fixed[name]}; it is ${String(before[name])}` };
  }
  if (before.max_length !== null && after.max_length !== null && after.max_length < before.max_length)
    yield {
      path: '/max_length',
      message: `can only grow, since there may be values as long; it is ${before.max_length}`,
    };
  if (before.digits !== null && after.digits !== null) {
    for (const part of ['whole', 'fraction'] as const) {
      if (after.digits[part] < before.digits[part])
        yield {
          path: `/digits/${part}`,
          message: `can only grow, since there may be values as long; it is ${before.digits[part]}`,
        };
    }
  }
  const kept = new Set(after.options?.map(({ value }) => value));
  const lost = before.options?.find(({ value }) => !kept.has(value));
  if (lost !== undefined)
    yield {
      path: '/options',
      message: `must still hold ${lost.value}, which records may have; send it with "retired": true`,
    };
}
