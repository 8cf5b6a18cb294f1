import { validationFailed } from '@orchestrall/sdk';
import type { Caller, Database } from '@orchestrall/sdk';
import { columnsOf, conditionSql, cut, readListRequest, toStatement } from '@orchestrall/sdk/resources';
import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access, View } from '../records/access.ts';
import type { CommonFields, RecordKind } from '../records/kind.ts';
import type { ListConditions } from '../records/list-conditions.ts';
import { masked } from '../records/service.ts';
import { selectionSql, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';
import { nearWords } from '../words/near-words.ts';
import { askedWords, termsOf } from '../words/question.ts';
import type { Term } from '../words/question.ts';
import { defaultHits } from './schemas.ts';
import type { Hit, SearchAnswer, SearchQuery } from './schemas.ts';
import { scoreRecord } from './score.ts';
import { searchSql } from '../words/search-sql.ts';
import { searchedFields, titlesOf } from '../words/searched-fields.ts';
import type { SearchedField } from '../words/searched-fields.ts';
import { queryOf } from '../words/tsquery.ts';
import type { NearWords } from '../words/tsquery.ts';

/**
 * Records of one kind that are weighed at each step. Of words that more records have, the newest are: the work for a
 * common word is that for a rare one.
 */
const maxCandidates = 100;

/** Records as they were asked for, from which on none is looked for that has words near those. */
const enoughHits = 5;

/** Longest title of a record that has no name, such as the beginning of a note; UTF-16 units. */
const maxTitleLength = 100;

/** Finds records of all kinds by words, e-mails, domains and phones. */
export interface Search {
  /**
   * What the caller may see of what was found, best first. Names are looked through first, then all fields; where
   * fewer than five are found, words near the asked ones follow. Throws `VALIDATION_FAILED`, `LIST_NOT_FOUND`,
   * `LIST_FILTER_INVALID`.
   */
  search(request: SearchQuery, by: Caller): Promise<SearchAnswer>;
}

/** What the search stands on. */
export interface SearchOptions {
  readonly database: Database;
  readonly access: Access;
  readonly lists: ListConditions;
}

/** One kind of record as a caller searches it. */
interface Searched {
  readonly kind: RecordKind;
  readonly view: View;
  readonly fields: readonly SearchedField[];
  readonly conditions: readonly Sql[];
}

/** Creates the search over these kinds of records. */
export function createSearch(
  kinds: readonly RecordKind[],
  { database, access, lists }: SearchOptions,
): Search {
  const searchedBy = async (kind: RecordKind, request: SearchQuery, by: Caller): Promise<Searched> => {
    const view = access.viewOf(by, kind.name);
    const { condition } = readListRequest(
      { filter: request.filter },
      { columns: columnsOf(kind.fields, view.hidden) },
    );
    const conditions: Sql[] = [];
    if (view.condition !== undefined) conditions.push(view.condition);
    if (condition !== undefined) conditions.push(conditionSql(condition, kind.table));
    if (request.list !== undefined) conditions.push(await lists.conditionOf(request.list, kind, by));
    return { kind, view, fields: searchedFields(kind, view.hidden), conditions };
  };

  return {
    async search(request, by) {
      const { q, limit = defaultHits, list } = request;
      const named = readKinds(kinds, request.kinds);
      const listed = list === undefined ? undefined : await lists.kindOf(list, by);
      const asked = named.filter(({ name }) => listed === undefined || name === listed);
      const searched = await Promise.all(asked.map((kind) => searchedBy(kind, request, by)));
      const terms = termsOf(q);
      const hits = new Map<string, Hit>();
      const take = async (found: Promise<Hit[]>[]) => {
        for (const hit of (await Promise.all(found)).flat()) if (!hits.has(hit.id)) hits.set(hit.id, hit);
      };
      await take(searched.map((one) => findAsked(database, one, terms)));
      if (
        hits.size < Math.min(limit, enoughHits) &&
        !terms.some(({ wholeFirst }) => wholeFirst === true && hits.size > 0)
      ) {
        const near = await nearWords(database, askedWords(terms));
        if ([...near.values()].some((words) => words.length > 0)) {
          await take(searched.map((one) => find(database, one, one.fields, terms, near)));
        }
      }
      const ranked = [...hits.values()].toSorted(byScore);
      return { items: ranked.slice(0, limit), more: ranked.length > limit };
    },
  };
}

/** By name where that finds as many as are weighed, else by all fields too. */
async function findAsked(database: Database, searched: Searched, terms: readonly Term[]): Promise<Hit[]> {
  const names = searched.fields.filter(({ rank }) => rank === 'name');
  const named = await find(database, searched, names, terms);
  if (named.length >= maxCandidates) return named;
  return [...named, ...(await find(database, searched, searched.fields, terms))];
}

async function find(
  database: Database,
  { kind, view, fields, conditions }: Searched,
  asked: readonly SearchedField[],
  terms: readonly Term[],
  near?: NearWords,
): Promise<Hit[]> {
  const query = queryOf(terms, asked, near);
  if (query === undefined) return [];
  const found = await searchSql(database, kind.table, query);
  const where = sql.join([found, ...conditions], sql` and `);
  const table = sql.table(kind.table);
  // Near words are rare, which the planner does not know: behind `offset 0` it does not go along the table to meet them.
  const source =
    near === undefined
      ? sql`${table} where ${where}`
      : sql`(select * from ${table} where ${where} offset 0) as ${table}`;
  const statement = sql`select ${selectionSql(kind)} from ${source}
    order by ${sql.ref(`${kind.table}.id`)} desc limit ${maxCandidates}`;
  const rows = await database.query<RecordRow<CommonFields>>(toStatement(statement));
  return rows.flatMap((row) => {
    const record = masked(toRecord<CommonFields>(row), view);
    const scored = scoreRecord(record, fields, terms, near);
    if (scored === undefined) return [];
    return [{ kind: kind.name, id: record.id, title: titleOf(kind, record), ...scored, record }];
  });
}

/** Best first, and of equals the newest. */
function byScore(left: Hit, right: Hit): number {
  return right.score - left.score || (left.id < right.id ? 1 : -1);
}

function titleOf(kind: RecordKind, record: object): string {
  const values = new Map<string, unknown>(Object.entries(record));
  const said = (names: Iterable<string>) =>
    [...names].flatMap((name) => {
      const value = values.get(name);
      return typeof value === 'string' ? [value] : [];
    });
  const title = said(titlesOf(kind)).join(' ');
  if (title !== '') return title;
  const [other = ''] = said(searchedFields(kind).map(({ name }) => name));
  return cut(other, maxTitleLength);
}

function readKinds(kinds: readonly RecordKind[], given: string | undefined): readonly RecordKind[] {
  if (given === undefined) return kinds;
  const names = new Set(given.split(',').map((name) => name.trim()));
  const unknown = [...names].find((name) => !kinds.some((kind) => kind.name === name));
  if (unknown === undefined) return kinds.filter(({ name }) => names.has(name));
  const known = kinds.map(({ name }) => name).join(', ');
  const message = `must not name ${JSON.stringify(cut(unknown, 50))}; the kinds are ${known}`;
  throw validationFailed([{ path: '/querystring/kinds', message }]);
}
