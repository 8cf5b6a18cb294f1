import type { SearchedField } from './searched-fields.ts';
import { askedDigitsOf } from './phone-digits.ts';
import type { Term } from './question.ts';

/** Words near those that were asked, by the word asked. */
export type NearWords = ReadonlyMap<string, readonly string[]>;

/** A `tsquery` in two parts that must both hold. */
export interface TermsQuery {
  /** What an index is asked. */
  readonly indexed: string;
  /** Terms so short that an index would go through much of itself; what the others find is held to them. */
  readonly held: string | undefined;
  /** Whether what an index is asked has a word so short that many may begin with it. */
  readonly broad: boolean;
}

/** Shortest word that an index is asked by its beginning where a longer one is asked too. */
const shortWord = 3;

/** Shortest word of which it is not asked first how many records have it. */
const narrowWord = 4;

/**
 * What finds the records of which all terms hold in these fields; undefined when no record can. With `near` a word may
 * be any of those near it; a question of one term is then for those alone, since it has been asked as it is before.
 */
export function queryOf(
  terms: readonly Term[],
  fields: readonly SearchedField[],
  near?: NearWords,
): TermsQuery | undefined {
  const parts = terms.map((term) => ({
    short: isShorter(term, shortWord),
    broad: isShorter(term, narrowWord),
    query: termQuery(term, fields, near, terms.length === 1),
  }));
  const queries = parts.map(({ query }) => query);
  if (queries.length === 0 || queries.includes(undefined)) return undefined;
  const long = parts.filter(({ short }) => !short);
  const [indexed, held] = long.length === 0 ? [parts, []] : [long, parts.filter(({ short }) => short)];
  const all = (some: typeof parts): string => some.map(({ query }) => `(${query ?? ''})`).join(' & ');
  return {
    indexed: all(indexed),
    held: held.length === 0 ? undefined : all(held),
    broad: indexed.some(({ broad }) => broad),
  };
}

function isShorter({ words, whole, digits }: Term, length: number): boolean {
  return whole === undefined && digits === undefined && words.every((word) => word.length < length);
}

function termQuery(
  { words, wholeFirst = false, whole, digits }: Term,
  fields: readonly SearchedField[],
  near: NearWords | undefined,
  alone: boolean,
): string | undefined {
  const texts = fields.filter((field) => !field.digits);
  const phones = fields.filter((field) => field.digits);
  const alternatives: string[] = [];
  if (whole !== undefined) alternatives.push(...texts.map(({ code }) => lexeme(code + whole, true)));
  if (digits !== undefined) {
    const forms = askedDigitsOf(digits);
    alternatives.push(
      ...phones.flatMap(({ code }) => forms.map(({ form, prefix }) => lexeme(code + form, prefix))),
    );
  }
  if (words.length > 0 && texts.length > 0 && (near !== undefined || !wholeFirst)) {
    const each = words.map((word) => {
      // Of whole words PostgreSQL knows that few records have them; of beginnings it takes them to be many.
      const others = near?.get(word) ?? [];
      return `(${texts
        .flatMap(({ code }) => [
          ...(alone && !wholeFirst && others.length > 0 ? [] : [lexeme(code + word, true)]),
          // The first word of an e-mail, and that of its domain, is kept with what follows.
          ...others.map((other) => lexeme(code + other, wholeFirst)),
        ])
        .join(' | ')})`;
    });
    alternatives.push(`(${each.join(' & ')})`);
  }
  return alternatives.length === 0 ? undefined : alternatives.join(' | ');
}

/** What finds the records that have this very word in one of these fields. */
export function wordQuery(word: string, fields: readonly SearchedField[]): string | undefined {
  const texts = fields.filter((field) => !field.digits);
  if (texts.length === 0) return undefined;
  return texts.map(({ code }) => lexeme(code + word, false)).join(' | ');
}

/** A lexeme as the text of a `tsquery` has it (https://www.postgresql.org/docs/current/datatype-textsearch.html). */
function lexeme(text: string, prefix: boolean): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'${prefix ? ':*' : ''}`;
}
