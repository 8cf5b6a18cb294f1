import type { FieldSet, JsonObject } from '@orchestrall/sdk/resources';
import { fieldCode } from './field-code.ts';
import { keptDigitsOf } from './phone-digits.ts';
import { isComparable, keptWordsOf, wordsOf } from './words.ts';

/** Most words of one field under which a record is found; a `tsvector` holds up to 1 MiB. */
const maxWordsOfField = 1_000;

/** What a record is found by. */
export interface Searched {
  /** What its `search` column holds: words and digits, each behind the code of its field. */
  readonly lexemes: readonly string[];
  /** Its words as they may be mistyped, for the vocabulary. */
  readonly words: readonly string[];
}

/** What a record with these values is found by. */
export function searchedOf(fields: FieldSet, values: JsonObject): Searched {
  const lexemes = new Set<string>();
  const words = new Set<string>();
  for (const [name, { search }] of Object.entries(fields)) {
    const value = values[name];
    if (search === undefined || typeof value !== 'string') continue;
    const code = fieldCode(name);
    if (search === 'digits') {
      for (const digits of keptDigitsOf(value)) lexemes.add(code + digits);
      continue;
    }
    for (const word of keptWordsOf(value).slice(0, maxWordsOfField)) lexemes.add(code + word);
    for (const word of wordsOf(value).slice(0, maxWordsOfField)) if (isComparable(word)) words.add(word);
  }
  return { lexemes: [...lexemes], words: [...words] };
}
