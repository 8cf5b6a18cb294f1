import type { Queryable } from '../records/sql.ts';
import type { TagCount } from './schemas.ts';

/** Tags in use after a name, in the order of their characters. */
export async function listTags(
  database: Queryable,
  after: string | undefined,
  limit: number,
): Promise<TagCount[]> {
  const statement = `select name, sum(contacts)::integer as contacts, sum(companies)::integer as companies
    from (
      select unnest(tags) collate "C" as name, 1 as contacts, 0 as companies from contacts
      union all
      select unnest(tags) collate "C", 0, 1 from companies
    ) as carried
    where $1::text is null or name > $1
    group by name order by name limit $2`;
  return database.query<TagCount>(statement, [after ?? null, limit]);
}
