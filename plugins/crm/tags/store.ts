import { readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable, SortKey, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { TableName } from '../records/kind.ts';
import type { TagCount } from './schemas.ts';

const name = { type: 'text', column: 'name', nullable: false, folded: undefined } as const;
const byName: readonly SortKey[] = [
  { name: 'name', column: { ...name, filterable: false, sortable: true }, descending: false },
];

/** The records of a table whose tags are told: those of which `visible` holds, all without it, or none. */
export interface Carriers {
  readonly table: TableName;
  readonly visible: Sql | undefined;
}

/** A page of the tags in use on these records, in the order of their characters. */
export function listTags(
  database: Queryable,
  carriers: readonly Carriers[],
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<TagCount>> {
  const tables = carriers.map(({ table }) => table);
  const counts = tables.map(
    (table) => sql`count(*) filter (where carrier = ${sql.lit(table)})::integer as ${sql.ref(table)}`,
  );
  const carrying = carriers.map(
    ({ table, visible = sql`true` }) =>
      sql`select unnest(tags) collate "C" as name, ${sql.lit(table)} as carrier from ${sql.table(table)}
        where ${visible}`,
  );
  const carried = sql`(
      select name, ${sql.join(counts)}
      from (${sql.join(carrying, sql` union all `)}) as carried
      group by name
    ) as tags`;
  const selection = sql.join([sql.ref('name'), ...tables.map((table) => sql.ref(table))]);
  const source = { table: 'tags', selection, from: carried, conditions: [] };
  return readPage(database, source, { list: 'tags', keys: byName, ...request });
}
