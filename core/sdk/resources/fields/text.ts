/** Text as it is kept, or why it cannot be. */
export type TextResult =
  | { readonly text: string; readonly fault?: never }
  | { readonly text?: never; readonly fault: string };

/**
 * Brings text into the form in which it is kept: Unicode NFC, without white space at either end.
 * Refused are the empty text, NUL (PostgreSQL cannot store it), half surrogate pairs (they are not UTF-8) and
 * what is longer than `maxLength` UTF-16 units.
 */
export function keepText(given: string, maxLength: number): TextResult {
  if (given.includes('\u0000')) return { fault: 'must not hold the character U+0000; remove it' };
  if (!given.isWellFormed())
    return { fault: 'must not hold half of a surrogate pair; send whole characters' };
  const text = given.normalize('NFC').trim();
  if (text === '') return { fault: 'must not be empty; send null to clear it' };
  if (text.length > maxLength) {
    return { fault: `must be at most ${maxLength} characters, has ${text.length}; shorten it` };
  }
  return { text };
}

/** The form by which two spellings are the same: lower case of every script, Unicode NFKC. */
export function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** ASCII without its two accents, which has but its case to lose. */
const plain = /^[\0-\]_a-\x7f]*$/;

/** As `foldCase`, and without accents: `Gödel` and `godel` meet. */
export function foldAccents(text: string): string {
  if (plain.test(text)) return text.toLowerCase();
  return foldCase(text.normalize('NFKD').replaceAll(/\p{Diacritic}/gu, ''));
}

/** The first `length` UTF-16 units, never ending in half a character. */
export function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}

/** Longest key, UTF-16 units: an index of PostgreSQL holds values of up to 2,700 bytes. */
export const maxKeyLength = 500;
