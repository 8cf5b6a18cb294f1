import { cut, foldAccents } from '@orchestrall/sdk/resources';

/** Longest word that is kept, UTF-16 units; PostgreSQL takes lexemes of up to 2,046 bytes. */
export const maxWordLength = 250;

/** A word within a text; `start` and `end` are UTF-16 units. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const run = /[\p{L}\p{N}\p{M}]+/gu;

/** The runs of letters and digits of a text, as they stand in it. */
export function* tokensOf(text: string): Generator<Token> {
  for (const match of text.matchAll(run)) {
    yield { text: match[0], start: match.index, end: match.index + match[0].length };
  }
}

/** The words of a text: its runs of letters and digits, without case and accents. */
export function wordsOf(text: string): string[] {
  return runsOf(foldAccents(text));
}

/** The words of a text that is folded already. */
function runsOf(folded: string): string[] {
  return [...new Set(folded.match(run)?.map((word) => cut(word, maxWordLength)))];
}

/**
 * The words under which a text is found, each by its beginning. Of an e-mail these are the whole, what follows in its
 * local part, and its domain, which its first label begins; parts that begin with one of `named` are left out. Of
 * any other text without white space the whole is one too.
 */
export function keptWordsOf(text: string, named: readonly string[] = []): string[] {
  const folded = foldAccents(text);
  if (/\s/u.test(folded)) return runsOf(folded);
  const at = folded.lastIndexOf('@');
  if (at < 0) return [...new Set([cut(folded, maxWordLength), ...runsOf(folded)])];
  const domain = folded.slice(at + 1);
  const parts = [
    folded,
    ...runsOf(folded.slice(0, at))
      .slice(1)
      .filter((word) => !named.some((name) => word.startsWith(name))),
    domain,
    // The last label says nothing of anybody.
    ...runsOf(domain).slice(1, -1),
  ];
  return [...new Set(parts.filter((part) => part !== '').map((part) => cut(part, maxWordLength)))];
}

/** Whether a word is one that people mistype, and that is therefore kept to be compared: letters, 3 to 30 of them. */
export function isComparable(word: string): boolean {
  return /^[\p{L}\p{M}]{3,30}$/u.test(word);
}
