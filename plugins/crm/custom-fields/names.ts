import type { FieldSet } from '@orchestrall/sdk/resources';
import { maxNameLength } from './limits.ts';

/** Set by the appliance, or words of a list's request: a field of that name could not be asked for. */
const reserved = new Set([
  'id',
  'version',
  'created_at',
  'updated_at',
  'and',
  'or',
  'not',
  'q',
  'tag',
  'filter',
  'sort',
  'fields',
  'include',
  'cursor',
  'limit',
  'count',
  'object',
  'table',
]);

/** Why a custom field of a kind cannot have this name; undefined when it can. */
export function faultOfName(name: string, builtIn: FieldSet): string | undefined {
  const lower = name.toLowerCase();
  const same = lower === name ? '' : ', from which case makes no other';
  if (Object.hasOwn(builtIn, lower)) return `is the name of a built-in field${same}; choose another`;
  if (reserved.has(lower)) return `is a word that the API keeps for itself${same}; choose another`;
  if (lower.startsWith('custom_'))
    return 'must not begin with custom_: that is how a field is answered whose name has become that of a built-in one';
  if (!/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name))
    return 'must be lower-case letters, digits and single _ between them, beginning with a letter, such as customer_number';
  if (name.length > maxNameLength)
    return `must be at most ${maxNameLength} characters, has ${name.length}; shorten it`;
  return undefined;
}

/** The column of a custom field. */
export function columnOf(name: string): string {
  return `custom_${name}`;
}

/** The column of its values in the form in which spellings are the same; no name holds two `_` in a row. */
export function keyColumnOf(name: string): string {
  return `custom_${name}__key`;
}

/** Under which name a custom field is answered: a built-in field that came later has the name itself. */
export function answeredAs(name: string, builtIn: FieldSet): string {
  return Object.hasOwn(builtIn, name) ? `custom_${name}` : name;
}

/** `customer_number` as `Customer number`. */
export function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
