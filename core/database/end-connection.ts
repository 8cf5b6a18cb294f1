import type { Client } from 'pg';

/**
 * Ends a connection: says goodbye, and cuts it after `limitMs` (default 5,000), since a server that is out of reach
 * would never answer. Never rejects: whatever comes of it, the connection is gone.
 */
export async function endConnection(client: Client, limitMs = 5_000): Promise<void> {
  const late = setTimeout(() => client.connection.stream.destroy(), limitMs);
  try {
    await client.end();
  } catch {
    client.connection.stream.destroy();
  } finally {
    clearTimeout(late);
  }
}
