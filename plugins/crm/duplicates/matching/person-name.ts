import { soundOf, wordsOf } from './transliterate.ts';

/** What two names are to each other; undefined when that cannot be said. */
export type Likeness = 'same' | 'similar' | 'different' | undefined;

const titles = new Set(
  (
    'mr mrs ms miss mx dr prof sir dame herr frau hr fr dipl ing mag mme mlle monsieur madame sr sra ' +
    'jr ii iii phd md mba esq'
  ).split(' '),
);

/** Fewest letters of a short form, such as `Rob`. */
const fewestLetters = 3;

/** The words of a person's name in Latin letters, in alphabetical order, without titles. */
export function personWords(...names: readonly (string | null)[]): readonly string[] {
  const words = names.flatMap((name) => (name === null ? [] : wordsOf(name)));
  const bare = words.filter((word) => !titles.has(word));
  return (bare.length > 0 ? bare : words).toSorted();
}

/**
 * Compares the words of two names, in whatever order. They are the same with the same words, of which there are two at
 * least; similar where each word of one sounds as a word of the other, or is its initial or short form, and one of
 * them is whole.
 */
export function comparePersons(left: readonly string[], right: readonly string[]): Likeness {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.join(' ') === right.join(' ')) return left.length > 1 ? 'same' : 'similar';
  // Either way round the same words are paired.
  const [fewer, more] = inOrder(left, right);
  const [only] = fewer;
  if (fewer.length === 1 && only !== undefined)
    return more.some((word) => soundOf(word) === soundOf(only)) ? undefined : 'different';
  return pairsUp(fewer, more) ? 'similar' : 'different';
}

function inOrder(left: readonly string[], right: readonly string[]) {
  const swapped =
    left.length === right.length ? left.join(' ') > right.join(' ') : left.length > right.length;
  return swapped ? ([right, left] as const) : ([left, right] as const);
}

function pairsUp(fewer: readonly string[], more: readonly string[]): boolean {
  const left = more.map(soundOf);
  const unpaired: string[] = [];
  for (const word of fewer.map(soundOf)) {
    const at = word.length === 1 ? -1 : left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    else unpaired.push(word);
  }
  if (unpaired.length === fewer.length) return false;
  return unpaired.every((word) => {
    const at = left.findIndex((other) => isShortFor(word, other) || isShortFor(other, word));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function isShortFor(short: string, long: string): boolean {
  return (short.length === 1 || short.length >= fewestLetters) && long.startsWith(short);
}
