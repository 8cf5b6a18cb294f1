import { cut, foldAccents } from '@orchestrall/sdk/resources';

/** Longest word the index keeps; PostgreSQL takes lexemes of up to 2,046 bytes. */
const maxWordLength = 250;

/**
 * The words under which a record is found: of each text its parts between anything but letters and digits, of
 * an e-mail or domain also the whole; without case and accents.
 */
export function searchWords(...texts: readonly string[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    const folded = foldAccents(text);
    if (!/\s/u.test(folded)) words.add(cut(folded, maxWordLength));
    for (const word of split(folded)) words.add(word);
  }
  return [...words];
}

/**
 * A `tsquery` that finds the records with words beginning with each word of the question; undefined when the
 * question holds no letter and no digit, which nothing can match.
 */
export function toTsquery(question: string): string | undefined {
  const folded = foldAccents(question).replaceAll('\u0000', ' ').trim();
  const words = folded
    .split(/\s+/u)
    .flatMap((part) => (part.includes('@') ? [cut(part, maxWordLength)] : split(part)));
  if (words.length === 0) return undefined;
  return words.map((word) => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}':*`).join(' & ');
}

/** The digits of a phone number, by which it is found however it was written. */
export function phoneDigits(phone: string): string {
  return phone.replaceAll(/\D/g, '');
}

function split(folded: string): string[] {
  return folded
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '')
    .map((word) => cut(word, maxWordLength));
}
