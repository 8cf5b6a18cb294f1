import { isId } from '../../id.ts';
import type { ColumnType } from '../fields/field.ts';
import { isDate, keepInstant } from '../fields/value-fields.ts';
import { maxKeyLength } from '../fields/text.ts';

/** A value that a column is compared with. */
export type Scalar = string | number | boolean;

/** A value in the form in which a column of a type is compared with it, or why it cannot be. */
export type ReadValue = { readonly value: Scalar; readonly fault?: never } | { readonly fault: string };

/** Reads the value that a filter or a cursor compares a column with; JSON numbers and decimal text are alike. */
export function readValue(type: ColumnType, given: unknown): ReadValue {
  switch (type) {
    case 'boolean':
      return typeof given === 'boolean' ? { value: given } : { fault: 'must be true or false' };
    case 'integer':
    case 'bigint':
      return readWhole(given, type === 'integer' ? 2_147_483_647 : Number.MAX_SAFE_INTEGER);
    case 'numeric':
      return readDecimal(given);
    case 'uuid':
      return typeof given === 'string' && isId(given)
        ? { value: given.toLowerCase() }
        : { fault: 'must be an id, such as 01890a5d-ac96-774b-bcce-b302099a8057' };
    case 'date':
      return typeof given === 'string' && isDate(given)
        ? { value: given }
        : { fault: 'must be a date such as 2026-11-20' };
    case 'timestamptz':
      return readInstant(given);
    default:
      return readText(given);
  }
}

function readWhole(given: unknown, most: number): ReadValue {
  return typeof given === 'number' && Number.isInteger(given) && Math.abs(given) <= most
    ? { value: given }
    : { fault: `must be a whole number from -${most} to ${most}` };
}

function readDecimal(given: unknown): ReadValue {
  const text = typeof given === 'number' ? String(given) : given;
  return typeof text === 'string' && /^-?\d{1,60}(\.\d{1,60})?$/.test(text)
    ? { value: text }
    : { fault: 'must be a decimal number such as "1250.00"' };
}

function readInstant(given: unknown): ReadValue {
  const value = typeof given === 'string' ? keepInstant(given) : undefined;
  return value === undefined
    ? { fault: 'must be an instant with its offset, such as 2026-11-20T08:30:00Z' }
    : { value };
}

function readText(given: unknown): ReadValue {
  if (typeof given !== 'string') return { fault: 'must be text' };
  if (given.includes('\u0000')) return { fault: 'must not hold the character U+0000' };
  if (!given.isWellFormed()) return { fault: 'must not hold half of a surrogate pair' };
  if (given.length > maxKeyLength) return { fault: `must be at most ${maxKeyLength} characters` };
  return { value: given.normalize('NFC') };
}
