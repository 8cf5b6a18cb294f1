import { defineJob } from '@orchestrall/sdk';
import type { Job, Transaction } from '@orchestrall/sdk';
import type { FieldSet } from '@orchestrall/sdk/resources';
import Type from 'typebox';

/** Words that one transaction of `learnWords` takes on. */
const wordsAtOnce = 20_000;

/** Takes the words of written records into the vocabulary. */
export const learnWordsJob = defineJob('learn-search-words', Type.Object({}));

/** Most words of which it is remembered that the vocabulary has them. */
const maxRemembered = 50_000;

/** Words that the vocabulary has, remembered by the fields of a generation's kinds. */
const remembered = new WeakMap<FieldSet, Set<string>>();

/**
 * Notes words of records of these fields that are being written and that the vocabulary has not. They are only noted,
 * since two writers of one new word would wait for each other; a job takes them on within a minute, and until then they
 * are found as they are, and not by near ones.
 */
export async function noteWords(tx: Transaction, fields: FieldSet, words: Iterable<string>): Promise<void> {
  const known = remembered.get(fields) ?? new Set();
  remembered.set(fields, known);
  const given = [...new Set(words)].filter((word) => !known.has(word));
  if (given.length === 0) return;
  const noted = await tx.query<{ word: string }>(
    `insert into search_words_noted (word)
     select word from unnest($1::text[]) as given (word)
     where not exists (select from search_words as known where known.word = given.word)
     returning word`,
    [given],
  );
  // What is noted may be undone with the transaction.
  const unsure = new Set(noted.map(({ word }) => word));
  if (known.size > maxRemembered) known.clear();
  for (const word of given) if (!unsure.has(word)) known.add(word);
}

/** Takes noted words into the vocabulary, some at a time, until none is left. */
export async function learnWords(job: Pick<Job, 'signal' | 'transaction'>): Promise<void> {
  for (;;) {
    job.signal.throwIfAborted();
    const taken = await job.transaction((tx) => learnSome(tx));
    if (taken < wordsAtOnce) return;
  }
}

async function learnSome(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ taken: number }>(
    `with taken as (
       delete from search_words_noted
       where ctid = any (array(select ctid from search_words_noted limit $1))
       returning word
     ), learned as (
       insert into search_words (word) select distinct word from taken order by word on conflict do nothing
     )
     select count(*)::integer as taken from taken`,
    [wordsAtOnce],
  );
  return row?.taken ?? 0;
}
