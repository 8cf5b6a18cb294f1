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
}

/** Shortest word that an index is asked by its beginning where a longer one is asked too. */
const shortWord = 3;

/**
 * What finds the records of which all terms hold in these fields; undefined when no record can. With `near` a word may
 * be any of those near it.
 */
export function queryOf(
  terms: readonly Term[],
  fields: readonly SearchedField[],
  near?: NearWords,
): TermsQuery | undefined {
  const parts = terms.map((term) => ({ short: isShort(term), query: termQuery(term, fields, near) }));
  const queries = parts.map(({ query }) => query);
  if (queries.length === 0 || queries.includes(undefined)) return undefined;
  const long = parts.filter(({ short }) => !short);
  const [indexed, held] = long.length === 0 ? [parts, []] : [long, parts.filter(({ short }) => short)];
  const all = (some: typeof parts): string => some.map(({ query }) => `(${query ?? ''})`).join(' & ');
  return { indexed: all(indexed), held: held.length === 0 ? undefined : all(held) };
}

function isShort({ words, whole, digits }: Term): boolean {
  return whole === undefined && digits === undefined && words.every((word) => word.length < shortWord);
}

function termQuery(
  { words, wholeFirst = false, whole, digits }: Term,
  fields: readonly SearchedField[],
  near: NearWords | undefined,
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
      const forms = [word, ...(near?.get(word) ?? [])];
      return `(${forms.flatMap((form) => texts.map(({ code }) => lexeme(code + form, true))).join(' | ')})`;
    });
    alternatives.push(`(${each.join(' & ')})`);
  }
  return alternatives.length === 0 ? undefined : alternatives.join(' | ');
}

/** A lexeme as the text of a `tsquery` has it (https://www.postgresql.org/docs/current/datatype-textsearch.html). */
function lexeme(text: string, prefix: boolean): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'${prefix ? ':*' : ''}`;
}
