import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { administrator } from '../../database/embedded/cluster.ts';

/** The embedded PostgreSQL of an appliance that runs on a data folder, as its administrator. */
export interface DataFolderDatabase extends AsyncDisposable {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Connects to the PostgreSQL that an appliance has started on a data folder. */
export async function openDataFolder(folder: string): Promise<DataFolderDatabase> {
  const about = await readFile(join(folder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  const [, , , port, socketFolder] = about.split('\n');
  const client = new Client({
    host: socketFolder,
    port: Number(port),
    database: 'orchestrall',
    user: administrator,
    password: (await readFile(join(folder, 'postgres', 'password'), 'utf8')).trim(),
  });
  await client.connect();
  return {
    query: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(sql, [...values])).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
