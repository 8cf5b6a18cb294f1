import { validationFailed } from '@orchestrall/sdk';
import type { Fault } from '@orchestrall/sdk';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { isDeepStrictEqual } from 'node:util';
import type { View } from '../records/access.ts';
import { fieldsOf } from '../records/kind.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';

/** Whose value a field is to have: the kept record's, or that of the one merged into it. */
export type Preference = Readonly<Record<string, 'kept' | 'other'>>;

/** Two records about to be one. */
export interface MergedPair<Fields extends CommonFields> {
  readonly kept: Kept<Fields>;
  readonly other: Kept<Fields>;
}

/** What became of a field in which the two differ. */
export interface FieldChoice {
  readonly field: string;
  readonly kept: unknown;
  readonly other: unknown;
  /** Whose value it has now; `both` for tags. */
  readonly from: 'kept' | 'other' | 'both';
}

/** The fields of the record that is left, and how they came about. */
export interface MergedFields {
  readonly fields: JsonObject;
  readonly choices: readonly FieldChoice[];
}

/** Holds preferences to fields that the caller may write. Throws `VALIDATION_FAILED`. */
export function checkPreference(kind: Pick<RecordKind, 'fields'>, prefer: Preference, view: View): void {
  const sent = Object.keys(kind.fields).filter(
    (name) => kind.fields[name]?.derived === undefined && !view.hidden.has(name),
  );
  const faults = Object.keys(prefer).flatMap((name): Fault[] => {
    const path = `/prefer/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!sent.includes(name)) return [{ path, message: `is not a field; the fields are ${sent.join(', ')}` }];
    return view.readOnly.has(name) ? [{ path, message: 'may not be written by your role' }] : [];
  });
  if (faults.length > 0) throw validationFailed(faults);
}

/**
 * The fields of the record that is left: what is preferred, else the kept record's, and the other's where it has none;
 * the tags of both. A reference of one to the other is none.
 */
export function mergeFields<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  { kept, other }: MergedPair<Fields>,
  prefer: Preference,
): MergedFields {
  const ends = new Set<unknown>([kept.id, other.id]);
  const valuesOf = (record: Kept<Fields>): JsonObject =>
    Object.fromEntries(
      Object.entries(fieldsOf(kind, record)).map(([name, value]) => [
        name,
        Object.hasOwn(kind.references, name) && ends.has(value) ? null : value,
      ]),
    );
  const [own, others] = [valuesOf(kept), valuesOf(other)];
  const fields: Record<string, unknown> = {};
  const choices: FieldChoice[] = [];
  for (const [field, value] of Object.entries(own)) {
    const otherValue = others[field];
    const from = prefer[field] ?? sourceOf(field, value, otherValue);
    if (from === 'both') fields[field] = [...new Set([...kept.tags, ...other.tags])].toSorted();
    else fields[field] = from === 'kept' ? value : otherValue;
    if (!isDeepStrictEqual(value, otherValue)) choices.push({ field, kept: value, other: otherValue, from });
  }
  return { fields, choices };
}

function sourceOf(field: string, kept: unknown, other: unknown): FieldChoice['from'] {
  if (field === 'tags') return 'both';
  return isEmpty(kept) && !isEmpty(other) ? 'other' : 'kept';
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
