import { validationFailed } from '@orchestrall/sdk';
import type { Database } from '@orchestrall/sdk';
import { crmError } from '../errors.ts';
import type { Declared } from './build-field.ts';
import { findShared, isIndexed } from './columns.ts';
import { maxFields, maxIndexed, maxRemoved } from './limits.ts';
import type { Definition } from './store.ts';

/**
 * A field of this name may be there already: removed and of the same type it comes back. Throws `CUSTOM_FIELD_EXISTS`,
 * `CUSTOM_FIELD_KEPT`, `VALIDATION_FAILED`.
 */
export function requireRevivable(
  before: Definition,
  { object, name, type, references, digits }: Declared,
): void {
  const { id } = before;
  if (before.removed_at === null) throw crmError('CUSTOM_FIELD_EXISTS', { id, name, object });
  if (before.type !== type || before.references !== references)
    throw crmError('CUSTOM_FIELD_KEPT', { id, name, object, type: before.type });
  if (before.digits === null || digits === null) return;
  if (digits.whole < before.digits.whole || digits.fraction < before.digits.fraction)
    throw validationFailed([
      { path: '/digits', message: 'must not be fewer than before, since there may be values as long' },
    ]);
}

/** The options of a choice that comes back: what it had before and is not named again is retired. */
export function withRetired(before: Definition, { options }: Declared): Declared['options'] {
  if (options === null || before.options === null) return options;
  const named = new Set(options.map(({ value }) => value));
  const others = before.options.filter(({ value }) => !named.has(value));
  return [...options, ...others.map((option) => ({ ...option, retired: true }))];
}

/** Holds the fields of a kind to how many there may be; `known` are all, `active` those that are not removed. Throws `TOO_MANY_CUSTOM_FIELDS`. */
export function requireRoom(
  declared: Declared,
  known: readonly Definition[],
  active: readonly Definition[],
): void {
  const refuse = (what: string, limit: number) =>
    crmError('TOO_MANY_CUSTOM_FIELDS', { object: declared.object, what, limit });
  const others = active.filter(({ name }) => name !== declared.name);
  if (others.length >= maxFields) throw refuse('fields', maxFields);
  if (known.length - active.length >= maxRemoved && !known.some(({ name }) => name === declared.name))
    throw refuse('removed fields that are not purged', maxRemoved);
  if (isSlow(declared) && others.filter(isSlow).length >= maxIndexed)
    throw refuse('fields that are indexed, unique or references', maxIndexed);
}

function isSlow(field: Declared): boolean {
  return field.unique || isIndexed(field);
}

/** Refuses to make a field unique whose values are not. Throws `CUSTOM_FIELD_NOT_UNIQUE` with the first of them. */
export async function requireUnique(
  database: Pick<Database, 'query'>,
  definition: Definition,
): Promise<void> {
  if (!definition.unique) return;
  const { id, name } = definition;
  const conflicts = await findShared(database, definition);
  if (conflicts.length > 0) throw crmError('CUSTOM_FIELD_NOT_UNIQUE', { id, name, conflicts });
}
