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
  const named = namesOf(fields, values);
  const codes = codesOf(fields);
  for (const [name, { search }] of Object.entries(fields)) {
    const value = values[name];
    if (search === undefined || typeof value !== 'string') continue;
    const code = codes.get(name) ?? fieldCode(name);
    if (search === 'digits') {
      for (const digits of keptDigitsOf(value)) lexemes.add(code + digits);
      continue;
    }
    for (const word of keptWordsOf(value, named).slice(0, maxWordsOfField)) lexemes.add(code + word);
    for (const word of wordsOf(value).slice(0, maxWordsOfField)) if (isComparable(word)) words.add(word);
  }
  return { lexemes: [...lexemes], words: [...words] };
}

/** How much of a text is looked at for names, UTF-16 units. */
const maxNamesLength = 300;

/** Fewest letters of a name for which an e-mail's part that begins with it is left out. */
const minNameLength = 3;

/** Words of the texts that are no e-mails: what of an e-mail repeats them finds nobody else, and costs as much to keep. */
function namesOf(fields: FieldSet, values: JsonObject): string[] {
  return Object.entries(fields).flatMap(([name, { search }]) => {
    const value = values[name];
    if (search !== 'words' || typeof value !== 'string' || value.includes('@')) return [];
    return wordsOf(value.slice(0, maxNamesLength)).filter((word) => word.length >= minNameLength);
  });
}

/** The codes of sets of fields, since hashing a name for each record costs more than all else here. */
const codesBySet = new WeakMap<FieldSet, ReadonlyMap<string, string>>();

function codesOf(fields: FieldSet): ReadonlyMap<string, string> {
  const known = codesBySet.get(fields);
  if (known !== undefined) return known;
  const codes = new Map(Object.keys(fields).map((name) => [name, fieldCode(name)]));
  codesBySet.set(fields, codes);
  return codes;
}
