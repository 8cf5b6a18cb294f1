import { cut, foldAccents, foldCase, maxKeyLength } from '@orchestrall/sdk/resources';
import type { Field } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { foldEmail, foldName } from '../fields/folded.ts';
import { baseField } from './base-field.ts';
import { columnOf, keyColumnOf } from './names.ts';
import { compilePattern } from './pattern/match.ts';
import type { CustomField } from './schemas.ts';
import { rulesOf } from './types.ts';
import type { CustomType } from './types.ts';

/** What an administrator has said of a field. */
export type Declared = Omit<
  CustomField,
  'id' | 'answered_as' | 'removed_at' | 'created_at' | 'updated_at' | 'version'
>;

/** Makes a field as records have it; it then is as any other. Throws `PatternFault`, which no declared field has left. */
export function buildField(declared: Declared): Field {
  const { name, type, label, description, required, searchable } = declared;
  const fold = foldOf(type);
  const checks = [...checksOf(declared)];
  const said = [description ?? label, ...(declared.pattern === null ? [] : [`Pattern: ${declared.pattern}`])];
  const base = baseField(declared, said.join('. '));
  return {
    ...base,
    // What is required may still be absent in records from before.
    input: required && declared.default === null ? base.schema : Type.Optional(base.schema),
    type: rulesOf(type).column,
    column: columnOf(name),
    headers: [foldAccents(label).replaceAll(/[\s_.-]+/gu, '')],
    search: searchable ? (type === 'phone' ? 'digits' : 'words') : undefined,
    folded: fold === undefined ? undefined : { column: keyColumnOf(name), fold },
    read(given) {
      const { kept, faults } = base.read(given);
      if (faults.length > 0) return { kept, faults };
      if (kept === null)
        return {
          kept,
          faults: required ? [{ path: '', message: 'must be given; the field is required' }] : [],
        };
      const found = checks.flatMap((check) => check(kept) ?? []);
      return { kept, faults: found.map((message) => ({ path: '', message })) };
    },
  };
}

/** How spellings of a text are made one; undefined for types whose values are compared as they are. */
function foldOf(type: CustomType): ((text: string) => string) | undefined {
  switch (type) {
    case 'text':
      return foldName;
    case 'email':
      return foldEmail;
    case 'url':
      return (text) => cut(foldCase(text), maxKeyLength);
    case 'phone':
      return (text) => text.replaceAll(/[^\d+]/g, '');
    default:
      return undefined;
  }
}

/** The one spelling as text of a value that is unique. */
export function spellingOf(type: CustomType): (text: string) => string {
  if (type !== 'decimal') return foldOf(type) ?? ((text) => text);
  return (text) => text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** What is held of a value beside its type; each gives what is wrong with one. */
function* checksOf({ type, minimum, maximum, min_length, pattern }: Declared) {
  if (min_length !== null) {
    yield (value: unknown) =>
      String(value).length < min_length ? `must be at least ${min_length} characters` : undefined;
  }
  if (pattern !== null) {
    const matches = compilePattern(pattern);
    yield (value: unknown) => (matches(String(value)) ? undefined : `must match the pattern ${pattern}`);
  }
  if (minimum !== null) {
    yield (value: unknown) =>
      compareValues(type, String(value), minimum) < 0 ? `must be at least ${minimum}` : undefined;
  }
  if (maximum !== null) {
    yield (value: unknown) =>
      compareValues(type, String(value), maximum) > 0 ? `must be at most ${maximum}` : undefined;
  }
}

/** Less than, equal to or greater than 0, as the first value is to the second; both as they are kept. */
export function compareValues(type: CustomType, left: string, right: string): number {
  if (type === 'integer') return Number(left) - Number(right);
  if (type !== 'decimal') return left < right ? -1 : Number(left > right);
  const scale = Math.max(fractionOf(left).length, fractionOf(right).length);
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference < 0n ? -1 : Number(difference > 0n);
}

function fractionOf(decimal: string): string {
  return decimal.split('.')[1] ?? '';
}

/** A decimal as a whole number of its smallest places. */
function scaled(decimal: string, scale: number): bigint {
  return BigInt(`${decimal.split('.')[0] ?? ''}${fractionOf(decimal).padEnd(scale, '0')}`);
}
