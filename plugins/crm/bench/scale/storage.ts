import { figure } from '@orchestrall/core/testing';
import type { BenchRow, DataFolderDatabase } from '@orchestrall/core/testing';

const megabyte = 1_048_576;

/** What the tables of the plugin and of the core take on disk, with their indexes; the largest first. */
export async function storageOf(database: DataFolderDatabase): Promise<BenchRow[]> {
  const tables = await database.query<{ name: string; table_bytes: string; index_bytes: string }>(
    `select n.nspname || '.' || c.relname as name, pg_table_size(c.oid) as table_bytes,
      pg_indexes_size(c.oid) as index_bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname in ('core', 'plugin_crm')
    order by pg_total_relation_size(c.oid) desc limit 12`,
  );
  const [whole] = await database.query<{ bytes: string }>(
    'select pg_database_size(current_database()) as bytes',
  );
  return [
    figure('storage in all', Number(whole?.bytes ?? 0) / megabyte, 'MB'),
    ...tables.flatMap(({ name, table_bytes, index_bytes }) => [
      figure(`storage of ${name}`, Number(table_bytes) / megabyte, 'MB'),
      figure(`storage of the indexes of ${name}`, Number(index_bytes) / megabyte, 'MB'),
    ]),
  ];
}
