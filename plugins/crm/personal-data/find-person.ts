import type { History, Transaction } from '@orchestrall/sdk';
import { isObject, toStatement } from '@orchestrall/sdk/resources';
import type { Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Kinds } from '../kinds.ts';
import { fieldsOf } from '../records/kind.ts';
import { findRecords } from '../records/store.ts';
import { searchedOf } from '../words/lexemes.ts';
import { isComparable, wordsOf } from '../words/words.ts';
import { samePerson } from './same-person.ts';
import type { Person } from './person.ts';

/**
 * Gathers what these contacts are and were known by: their fields, what their timelines say that they had before, the
 * contacts that were merged into them, and, where `history` is given, what it holds of them, which takes its time: so a
 * contact is found that was deleted.
 */
export async function findPeople(
  kinds: Kinds,
  database: Queryable,
  contactIds: readonly string[],
  history?: History,
): Promise<Person> {
  const ids = await samePerson(database, contactIds);
  const records = await findRecords(kinds.contacts, database, ids);
  const about = await activitiesOnlyAbout(database, ids);
  const values = new Values();
  const words = new Set<string>();
  for (const record of records) {
    values.add(kinds, record.id, fieldsOf(kinds.contacts, record));
    for (const word of searchedOf(kinds.contacts.fields, fieldsOf(kinds.contacts, record)).words)
      words.add(word);
  }
  for (const { subject_id, field, value } of await formerValues(database, ids)) {
    values.add(kinds, subject_id, { [field]: value });
    for (const word of wordsOf(value)) if (isComparable(word)) words.add(word);
  }
  if (history !== undefined) {
    const pattern = [...ids, ...about].map((id) => `"${id}"`).join('|');
    for await (const { subject, content } of history.find({ subjects: [...ids, ...about], pattern })) {
      if (subject !== null && ids.includes(subject))
        for (const state of statesIn(content)) values.add(kinds, subject, state);
      for (const text of textsIn(content))
        for (const word of wordsOf(text)) if (isComparable(word)) words.add(word);
    }
  }
  for (const activity of await findRecords(kinds.activities, database, about)) {
    for (const word of searchedOf(kinds.activities.fields, fieldsOf(kinds.activities, activity)).words)
      words.add(word);
  }
  return { ids, about, words: [...words], ...values.texts() };
}

/** States of a contact in the data of an event or in an audit entry. */
function statesIn(content: unknown): Readonly<Record<string, unknown>>[] {
  if (!isObject(content)) return [];
  return [content['contact'], content['before'], content['after']].filter(isObject);
}

function* textsIn(content: unknown): Generator<string> {
  if (typeof content === 'string') yield content;
  else if (typeof content === 'object' && content !== null)
    for (const value of Object.values(content)) yield* textsIn(value);
}

/** What each contact had over time in the fields by which people are known. */
class Values {
  readonly #emails = new Set<string>();
  readonly #phones = new Set<string>();
  readonly #firsts = new Map<string, Set<string>>();
  readonly #lasts = new Map<string, Set<string>>();

  add({ contacts }: Kinds, id: string, fields: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value !== 'string' || value === '') continue;
      if (name === 'first_name') setOf(this.#firsts, id).add(value);
      else if (name === 'last_name') setOf(this.#lasts, id).add(value);
      else if (contacts.fields[name]?.search === 'digits') this.#phones.add(value);
      else if (/^[^\s@]+@[^\s@]+$/u.test(value)) this.#emails.add(value);
    }
  }

  texts(): Pick<Person, 'emails' | 'phones' | 'names' | 'parts'> {
    const parts = [...this.#firsts].flatMap(([id, firsts]) =>
      [...firsts].flatMap((first) => [...setOf(this.#lasts, id)].map((last) => [first, last] as const)),
    );
    const names = parts.flatMap(([first, last]) => [
      `${first} ${last}`,
      `${last} ${first}`,
      `${last}, ${first}`,
    ]);
    return { emails: [...this.#emails], phones: [...this.#phones], names, parts };
  }
}

function setOf(sets: Map<string, Set<string>>, id: string): Set<string> {
  const found = sets.get(id) ?? new Set<string>();
  sets.set(id, found);
  return found;
}

async function formerValues(
  database: Queryable,
  ids: readonly string[],
): Promise<{ readonly subject_id: string; readonly field: string; readonly value: string }[]> {
  return database.query(
    toStatement(sql`select distinct subject_id, field, value from timeline_entries,
        jsonb_each(changes) as changed (field, change), jsonb_each(change) as side (name, held),
        jsonb_array_elements_text(case jsonb_typeof(held) when 'array' then held else jsonb_build_array(held) end)
          as value
      where subject_id = any(${[...ids]}::uuid[]) and changes is not null and jsonb_typeof(change) = 'object'
        and jsonb_typeof(held) in ('string', 'array') and value is not null`),
  );
}

/** Activities that are about nobody and nothing else. */
export async function activitiesOnlyAbout(
  database: Queryable | Transaction,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await database.query<{ activity_id: string }>(
    toStatement(sql`select distinct activity_id from activity_records as mine
      where record_id = any(${[...ids]}::uuid[]) and not exists (
        select from activity_records as other
        where other.activity_id = mine.activity_id and other.record_id <> all(${[...ids]}::uuid[]))`),
  );
  return rows.map((row) => row.activity_id);
}
