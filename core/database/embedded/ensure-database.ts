import { Client, DatabaseError, escapeIdentifier } from 'pg';
import type { ServerConnection } from '../connection.ts';

/** Makes the connection's database when the server does not have it yet. */
export async function ensureDatabase(connection: ServerConnection): Promise<void> {
  if (await exists(connection)) return;
  const client = new Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${escapeIdentifier(connection.database)}`);
  } finally {
    await client.end();
  }
}

async function exists(connection: ServerConnection): Promise<boolean> {
  const client = new Client({ ...connection });
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '3D000') return false;
    throw error;
  } finally {
    await client.end();
  }
}
