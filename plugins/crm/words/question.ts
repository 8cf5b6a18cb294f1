import { cut, foldAccents } from '@orchestrall/sdk/resources';
import { digitsOf, minPhoneDigits } from './phone-digits.ts';
import { maxWordLength, wordsOf } from './words.ts';

/** Most terms of a question that count; what follows is left out. */
const maxTerms = 20;

/** One thing that is asked for; a record that is found has all of them. */
export interface Term {
  /** Each of these begins a word of the record. */
  readonly words: readonly string[];
  /** Whether the words count only where they may be mistyped: those of an e-mail would find whoever shares its domain. */
  readonly wholeFirst?: boolean;
  /** Or this begins a text without white space, such as an e-mail. */
  readonly whole?: string;
  /** Or these are digits of a phone. */
  readonly digits?: string;
}

/** Parts a question into what is asked for: none when it holds no letter and no digit, which nothing can match. */
export function termsOf(question: string): Term[] {
  const parts = foldAccents(question.toWellFormed().replaceAll('\u0000', ' '))
    .split(/\s+/u)
    .filter((part) => part !== '');
  const terms: Term[] = [];
  for (let at = 0; at < parts.length && terms.length < maxTerms;) {
    const phone = phoneAt(parts, at);
    terms.push(...(phone === undefined ? wordTerms(parts[at] ?? '') : [phone.term]));
    at += phone?.parts ?? 1;
  }
  return terms.slice(0, maxTerms);
}

/** The words of all terms, as they may be mistyped. */
export function askedWords(terms: readonly Term[]): string[] {
  return [...new Set(terms.flatMap(({ words }) => words))];
}

/** A phone number in as many parts as it was written in. */
function phoneAt(
  parts: readonly string[],
  at: number,
): { readonly term: Term; readonly parts: number } | undefined {
  const rest = parts.slice(at).findIndex((part) => !/^[+(]*\d[\d()./-]*$/.test(part));
  const length = rest < 0 ? parts.length - at : rest;
  const written = parts.slice(at, at + length);
  const digits = digitsOf(written.join(' '));
  if (length === 0 || digits.length < minPhoneDigits) return undefined;
  return { term: { words: written.flatMap(wordsOf), digits }, parts: length };
}

function wordTerms(part: string): Term[] {
  const words = wordsOf(part);
  if (words.length === 0) return [];
  if (words.length === 1 && words[0] === part) return [{ words }];
  const whole = cut(part, maxWordLength);
  if (!/[^@]@[^@]/.test(part)) return [{ words, whole }];
  return [{ words: wordsOf(part.replace(/\.[^.@]*$/, '')), whole, wholeFirst: true }];
}
