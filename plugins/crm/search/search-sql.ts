import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { TermsQuery } from './tsquery.ts';

/** The condition under which a record of a table is found; of no query nothing is. */
export function searchSql(table: string, query: TermsQuery | undefined): Sql {
  if (query === undefined) return sql`false`;
  const searched = sql.ref(`${table}.search`);
  const indexed = sql`${searched} @@ ${query.indexed}::tsquery`;
  if (query.held === undefined) return indexed;
  // In this form no index is asked.
  return sql`${indexed} and (${searched} @@ ${query.held}::tsquery) is true`;
}
