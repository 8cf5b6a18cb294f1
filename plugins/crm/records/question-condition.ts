import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { View } from './access.ts';
import type { RecordKind } from './kind.ts';
import { nearWords } from '../words/near-words.ts';
import { askedWords, termsOf } from '../words/question.ts';
import { searchSql } from '../words/search-sql.ts';
import { searchedFields } from '../words/searched-fields.ts';
import { queryOf } from '../words/tsquery.ts';
import type { NearWords } from '../words/tsquery.ts';

/** Up to how many records a question is answered by the records themselves. */
const few = 200;

/**
 * The condition under which a list holds what a question finds: records with words that begin with each of its words,
 * and only where the caller sees none at all, those with words near them. That depends on nothing that the caller does
 * not see. Few records are named one by one, since the planner would else look for the first of them along the list.
 */
export async function questionCondition(
  kind: Pick<RecordKind, 'fields' | 'keys' | 'titles' | 'table'>,
  database: Queryable,
  question: string,
  { condition = sql`true`, hidden }: View,
): Promise<Sql> {
  const { table } = kind;
  const terms = termsOf(question);
  const fields = searchedFields(kind, hidden);
  const foundBy = async (near?: NearWords): Promise<Sql | undefined> => {
    const query = queryOf(terms, fields, near);
    if (query === undefined) return undefined;
    const found = await searchSql(database, table, query);
    // Behind `offset 0` the planner does not go along the table in the hope of meeting enough of them soon.
    const all = sql`select ${sql.ref(`${table}.id`)} from ${sql.table(table)} where ${found} and ${condition} offset 0`;
    const seen = sql`select id from (${all}) as found limit ${few}`;
    const ids = (await database.query<{ id: string }>(toStatement(seen))).map(({ id }) => id);
    if (ids.length === 0 || ids.length === few) return ids.length === 0 ? undefined : found;
    return sql`${sql.ref(`${table}.id`)} = any(${ids}::uuid[])`;
  };
  const asked = await foundBy();
  if (asked !== undefined) return asked;
  const near = await nearWords(database, askedWords(terms));
  const known = [...near.values()].some((words) => words.length > 0);
  return (known ? await foundBy(near) : undefined) ?? sql`false`;
}
