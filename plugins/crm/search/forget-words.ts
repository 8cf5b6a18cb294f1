import type { Transaction } from '@orchestrall/sdk';
import type { RecordKind } from '../records/kind.ts';
import { searchedFields } from '../words/searched-fields.ts';
import { wordQuery } from '../words/tsquery.ts';

/**
 * Takes those of these words out of the vocabulary that no record has any more: an erasure calls it with the words of
 * what it erased (`searchedOf`), after that is gone. Whatever else has a word keeps it there.
 */
export async function forgetWords(
  tx: Transaction,
  kinds: readonly Pick<RecordKind, 'fields' | 'keys' | 'titles' | 'table'>[],
  words: readonly string[],
): Promise<void> {
  let unused = [...new Set(words)];
  // What is only noted may be of the erased alone; what is written again is noted again.
  await tx.query('delete from search_words_noted where word = any($1::text[])', [unused]);
  for (const kind of kinds) {
    const fields = searchedFields(kind);
    const asked = unused.flatMap((word) => {
      const query = wordQuery(word, fields);
      return query === undefined ? [] : [{ word, query }];
    });
    if (asked.length === 0) continue;
    const rows = await tx.query<{ word: string }>(
      `select word from unnest($1::text[], $2::text[]) as asked (word, query)
       where exists (select from ${kind.table} where search @@ asked.query::tsquery)`,
      [asked.map(({ word }) => word), asked.map(({ query }) => query)],
    );
    const used = new Set(rows.map(({ word }) => word));
    unused = unused.filter((word) => !used.has(word));
  }
  await tx.query('delete from search_words where word = any($1::text[])', [unused]);
}
