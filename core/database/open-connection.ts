import type { Client } from 'pg';
import { mapConnectError } from './map-error.ts';

/** Connects. Throws `DATABASE_LOGIN_REFUSED` and `DATABASE_UNAVAILABLE`. */
export async function openConnection(client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw mapConnectError(error);
  }
}
