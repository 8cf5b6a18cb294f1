import { jsonText } from '../database/json-text.ts';
import { coreError } from '../errors.ts';

/** Largest document, bytes of JSON. */
export const maxValueBytes = 1_048_576;

const longestTtlMs = 10 * 365 * 86_400_000;

/** Refuses what cannot be a key. Throws `STATE_KEY_INVALID`. */
export function checkKey(key: string): void {
  if (key === '') throw coreError('STATE_KEY_INVALID', { key, reason: 'it is empty' });
  checkPrefix(key);
}

/** Refuses what cannot begin a key; an empty prefix stands for all keys. Throws `STATE_KEY_INVALID`. */
export function checkPrefix(prefix: string): void {
  const refuse = (reason: string): never => {
    throw coreError('STATE_KEY_INVALID', { key: prefix.slice(0, 64).toWellFormed(), reason });
  };
  if (prefix.length > 512) refuse(`it has ${prefix.length} characters`);
  if (prefix.includes('\0') || !prefix.isWellFormed()) refuse('it contains NUL or half of a surrogate pair');
  // The end of a range of keys is its prefix and this one, the last code point there is.
  if (prefix.includes('\u{10ffff}')) refuse('it contains U+10FFFF');
}

/** JSON text of a document. Throws `STATE_VALUE_INVALID`. */
export function checkValue(key: string, value: unknown): string {
  const json = jsonText(value, maxValueBytes);
  if ('problem' in json) throw coreError('STATE_VALUE_INVALID', { key, reason: json.problem });
  return json.text;
}

/** Refuses options out of bounds. Throws `STATE_VALUE_INVALID`. */
export function checkOptions(
  key: string,
  { ifVersion, ttlMs }: { readonly ifVersion?: number | undefined; readonly ttlMs?: number | undefined },
): void {
  if (ifVersion !== undefined && !(Number.isSafeInteger(ifVersion) && ifVersion >= 0)) {
    throw coreError('STATE_VALUE_INVALID', { key, reason: 'ifVersion must be a whole number from 0' });
  }
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs <= longestTtlMs)) {
    throw coreError('STATE_VALUE_INVALID', {
      key,
      reason: 'ttlMs must be a whole number from 1 to ten years',
    });
  }
}
