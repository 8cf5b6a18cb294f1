import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { TermsQuery } from './tsquery.ts';

/** Estimated records beyond which going through the index costs more than going along the list until enough are found. */
const manyRecords = 50_000;

/** The condition under which a record of a table is found; of no query nothing is. */
export async function searchSql(
  database: Queryable,
  table: string,
  query: TermsQuery | undefined,
): Promise<Sql> {
  if (query === undefined) return sql`false`;
  const searched = sql.ref(`${table}.search`);
  const asked = sql`${searched} @@ ${query.indexed}::tsquery`;
  // Behind `is true` no index is asked.
  const indexed = query.broad && (await isMany(database, table, asked)) ? sql`(${asked}) is true` : asked;
  if (query.held === undefined) return indexed;
  return sql`${indexed} and (${searched} @@ ${query.held}::tsquery) is true`;
}

async function isMany(database: Queryable, table: string, condition: Sql): Promise<boolean> {
  const [row] = await database.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    toStatement(sql`explain (format json) select 1 from ${sql.table(table)} where ${condition}`),
  );
  return (row?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0) > manyRecords;
}
