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
  const texts = textsOf(fields, values);
  const named = namesOf(texts);
  const codes = codesOf(fields);
  for (const { name, search, text, own } of texts) {
    const code = codes.get(name) ?? fieldCode(name);
    if (search === 'digits') {
      for (const digits of keptDigitsOf(text)) lexemes.add(code + digits);
      continue;
    }
    for (const word of keptWordsOf(text, named).slice(0, maxWordsOfField)) lexemes.add(code + word);
    for (const word of own.slice(0, maxWordsOfField)) if (isComparable(word)) words.add(word);
  }
  return { lexemes: [...lexemes], words: [...words] };
}

/** A text of a record that is searched, with its words; digits have none. */
interface SearchedText {
  readonly name: string;
  readonly search: 'words' | 'digits';
  readonly text: string;
  readonly own: readonly string[];
}

function textsOf(fields: FieldSet, values: JsonObject): SearchedText[] {
  return Object.entries(fields).flatMap(([name, { search }]) => {
    const text = values[name];
    if (search === undefined || typeof text !== 'string') return [];
    return [{ name, search, text, own: search === 'words' ? wordsOf(text) : [] }];
  });
}

/** How many words of a text are looked at as names. */
const maxNames = 50;

/** Fewest letters of a name for which an e-mail's part that begins with it is left out. */
const minNameLength = 3;

/** Words of the texts that are no e-mails: what of an e-mail repeats them finds nobody else, and costs as much to keep. */
function namesOf(texts: readonly SearchedText[]): string[] {
  return texts.flatMap(({ text, own }) =>
    text.includes('@') ? [] : own.slice(0, maxNames).filter((word) => word.length >= minNameLength),
  );
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
