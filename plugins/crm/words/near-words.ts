import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { NearWords } from './tsquery.ts';
import { isComparable } from './words.ts';

/** Most words that are asked in place of one. */
const maxNear = 12;

/** Shortest word that may be mistyped, characters. */
const minLength = 4;

/** Shortest word that may be mistyped twice, characters. */
const minLengthForTwo = 8;

/** Longest word that is kept, characters. */
const maxLength = 30;

/** What comes after every word with the true distances. */
const endingDistance = 3;

/**
 * Known words near each of these, nearest first: one typing error away (a letter more, less or another, or two that
 * changed places), from 8 letters on two, or ending with the word. Two errors are met where the first or the last third
 * is right.
 */
export async function nearWords(database: Queryable, asked: readonly string[]): Promise<NearWords> {
  const near = await Promise.all(
    asked
      .filter((word) => isComparable(word) && Array.from(word).length >= minLength)
      .map(async (word) => [word, await nearWord(database, word)] as const),
  );
  return new Map(near);
}

async function nearWord(database: Queryable, word: string): Promise<string[]> {
  const letters = Array.from(word);
  const { length } = letters;
  const errors = length < minLengthForTwo ? 1 : 2;
  const part = Math.floor(length / (errors + 1));
  const lengths = rangeOf(length - errors, length + errors);
  const longer = rangeOf(length + 1, maxLength);
  const backwards = letters.toReversed();
  const distance = sql`core_extensions.levenshtein_less_equal(word, ${word}, ${errors}::integer)`;
  const reversed = sql`reverse(word)`;
  const begins = (start: readonly string[]) => `${start.slice(0, part).join('')}%`;
  const query = sql`select word from (
      select word, 1 as distance from search_words where word = any(${transposed(letters)}::text[])
      union all
      select word, ${distance} from search_words
        where length(word) = any(${lengths}::integer[]) and word like ${begins(letters)}
      union all
      select word, ${distance} from search_words
        where length(word) = any(${lengths}::integer[]) and ${reversed} like ${begins(backwards)}
      union all
      (select word, ${endingDistance}::integer from search_words
        where length(word) = any(${longer}::integer[]) and ${reversed} like ${`${backwards.join('')}%`}
        limit ${maxNear}::integer)
    ) as near
    where word <> ${word} and (distance <= ${errors}::integer or distance = ${endingDistance}::integer)
    group by word order by min(distance), word limit ${maxNear}::integer`;
  const rows = await database.query<{ word: string }>(toStatement(query));
  return rows.map((row) => row.word);
}

/** The word with each two neighbours in each other's place. */
function transposed(letters: readonly string[]): string[] {
  return letters
    .slice(1)
    .map((letter, at) =>
      [...letters.slice(0, at), letter, letters[at] ?? '', ...letters.slice(at + 2)].join(''),
    );
}

function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
