import { Client, escapeIdentifier } from 'pg';
import type { ServerConnection } from '../connection.ts';
import { endConnection } from '../end-connection.ts';
import { mapError } from '../map-error.ts';
import { openConnection } from '../open-connection.ts';

/** Makes the connection's database when the server does not have it yet. Throws `DATABASE_UNAVAILABLE`. */
export async function ensureDatabase(connection: ServerConnection): Promise<void> {
  const client = new Client({
    ...connection,
    database: 'postgres',
    application_name: 'orchestrall setup',
    connectionTimeoutMillis: 10_000,
  });
  // A lost connection also rejects the statement under way, which is where it is handled.
  client.on('error', () => undefined);
  try {
    await openConnection(client);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [connection.database]);
    if (found.rows.length > 0) return;
    await client.query(`CREATE DATABASE ${escapeIdentifier(connection.database)}`);
  } catch (error) {
    throw mapError(error);
  } finally {
    await endConnection(client);
  }
}
