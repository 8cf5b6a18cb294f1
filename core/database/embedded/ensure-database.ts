import { Client, escapeIdentifier } from 'pg';
import type { ServerConnection } from '../connection.ts';

/** Makes the connection's database when the server does not have it yet. */
export async function ensureDatabase(connection: ServerConnection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [connection.database]);
    if (found.rows.length > 0) return;
    await client.query(`CREATE DATABASE ${escapeIdentifier(connection.database)}`);
  } finally {
    await client.end();
  }
}
