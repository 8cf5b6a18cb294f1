import type { Database, History } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Kinds } from '../../kinds.ts';
import type { RecordKind } from '../../records/kind.ts';
import { titlesOf } from '../../words/searched-fields.ts';
import { findRecords } from '../../records/store.ts';
import { searchOf } from '../erasure/steps.ts';
import { findPeople } from '../find-person.ts';
import type { Person } from '../person.ts';
import { allPlaces } from '../reach/all-places.ts';
import { rowsSql } from '../reach/place.ts';

/** What a copy is made from. */
export interface CopyOptions {
  readonly database: Database;
  readonly history: History;
  readonly kinds: Kinds;
}

/** Records that are read together. */
const recordsAtATime = 200;

/**
 * The JSON of all that is held about a person, in pieces that end between two values: the contacts, the records they are
 * connected with, the rows of every place, and the history. Rules of visibility do not count: it is an administrator's
 * act, and the person is owed all of it.
 */
export async function* copyDocument(options: CopyOptions, contactId: string): AsyncGenerator<string> {
  const { database, history, kinds } = options;
  const person = await findPeople(kinds, database, [contactId], history);
  yield `{"format":"orchestrall-personal-data/1","contact_ids":${JSON.stringify(person.ids)}`;
  yield ',"contacts":[';
  yield* joined(findRecords(kinds.contacts, database, person.ids));
  yield '],"related":{';
  let first = true;
  for (const [name, kind, ids] of await related(options, person)) {
    yield `${first ? '' : ','}${JSON.stringify(name)}:[`;
    yield* recordsOf(options, kind, ids);
    yield ']';
    first = false;
  }
  yield '},"places":{';
  yield* placesOf(options, person);
  yield '},"history":[';
  let next = '';
  for await (const item of history.find(searchOf(person))) {
    yield next + JSON.stringify(item);
    next = ',';
  }
  yield ']}\n';
}

/** Activities and deals that the person takes part in, whole, and companies by name. */
async function related(
  { database, kinds }: CopyOptions,
  { ids }: Person,
): Promise<readonly (readonly [name: string, kind: RecordKind, ids: readonly string[]])[]> {
  const own = [...ids];
  const idsOf = async (query: ReturnType<typeof sql>): Promise<string[]> =>
    (await database.query<{ id: string }>(toStatement(query))).map(({ id }) => id);
  const associated = (kind: string) => sql`
    select second_id as id from associations where first_id = any(${own}::uuid[]) and second_kind = ${kind}
    union select first_id from associations where second_id = any(${own}::uuid[]) and first_kind = ${kind}`;
  return [
    [
      'activities',
      kinds.activities,
      await idsOf(
        sql`select distinct activity_id as id from activity_records where record_id = any(${own}::uuid[])`,
      ),
    ],
    ['deals', kinds.deals, await idsOf(associated('deal'))],
    [
      'companies',
      kinds.companies,
      await idsOf(sql`select company_id as id from contacts where id = any(${own}::uuid[]) and company_id is not null
        union ${associated('company')}`),
    ],
    ['contacts', kinds.contacts, await idsOf(associated('contact'))],
  ];
}

async function* recordsOf(
  { database, kinds }: CopyOptions,
  kind: RecordKind,
  ids: readonly string[],
): AsyncGenerator<string> {
  const isWhole = kind.table === kinds.activities.table || kind.table === kinds.deals.table;
  let next = '';
  for (let from = 0; from < ids.length; from += recordsAtATime) {
    for (const record of await findRecords(kind, database, ids.slice(from, from + recordsAtATime))) {
      yield next + JSON.stringify(isWhole ? record : namedOnly(kind, record));
      next = ',';
    }
  }
}

/** Others are named, and not told of. */
function namedOnly(kind: RecordKind, record: object): object {
  const named = new Set(['id', ...titlesOf(kind)]);
  return Object.fromEntries(Object.entries(record).filter(([name]) => named.has(name)));
}

async function* placesOf({ database, kinds }: CopyOptions, person: Person): AsyncGenerator<string> {
  let nextPlace = '';
  for (const place of allPlaces(kinds)) {
    // Copies made before hold the same again.
    if (place.table.startsWith('personal_data_')) continue;
    yield `${nextPlace}${JSON.stringify(place.table)}:[`;
    nextPlace = ',';
    let next = '';
    for await (const { row } of database.stream<{ row: object }>(toStatement(rowsSql(place, person)))) {
      yield next + JSON.stringify(row);
      next = ',';
    }
    yield ']';
  }
}

async function* joined(records: Promise<readonly object[]>): AsyncGenerator<string> {
  yield (await records).map((record) => JSON.stringify(record)).join(',');
}
