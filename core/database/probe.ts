import { Client, DatabaseError } from 'pg';
import type { ServerConnection } from './connection.ts';
import { endConnection } from './end-connection.ts';

/**
 * Whether the server answers a new connection within the limit; a refusal that it words itself is an answer too. The
 * goodbye is waited for as long again at most.
 */
export async function answersProbe(connection: ServerConnection, limitMs: number): Promise<boolean> {
  const client = new Client({
    ...connection,
    application_name: 'orchestrall probe',
    connectionTimeoutMillis: limitMs,
  });
  // It is handled where the connection is awaited.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.connection.stream.destroy();
    return error instanceof DatabaseError;
  }
  await endConnection(client, limitMs);
  return true;
}
