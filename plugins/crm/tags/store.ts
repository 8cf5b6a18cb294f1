import { readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable, SortKey } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { TagCount } from './schemas.ts';

const name = { type: 'text', column: 'name', nullable: false, folded: undefined } as const;
const byName: readonly SortKey[] = [
  { name: 'name', column: { ...name, filterable: false, sortable: true }, descending: false },
];

/** A page of the tags in use, in the order of their characters. */
export function listTags(
  database: Queryable,
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<TagCount>> {
  const carried = sql`(
      select name, sum(contacts)::integer as contacts, sum(companies)::integer as companies
      from (
        select unnest(tags) collate "C" as name, 1 as contacts, 0 as companies from contacts
        union all
        select unnest(tags) collate "C", 0, 1 from companies
      ) as carried
      group by name
    ) as tags`;
  const selection = sql`name, contacts, companies`;
  const source = { table: 'tags', selection, from: carried, conditions: [] };
  return readPage(database, source, { list: 'tags', keys: byName, ...request });
}
