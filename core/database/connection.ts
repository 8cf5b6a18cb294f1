import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { databaseError } from './errors.ts';

/** How to reach one database as one user. `host` is a name, an address or the folder of a socket. */
export interface ServerConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Always given, since the driver would otherwise look for `PGSSLMODE` in the environment. */
  readonly ssl: NonNullable<ClientConfig['ssl']>;
}

/**
 * Reads `database.url` with the driver's own rules (`sslmode`, `sslrootcert`, `host=/socket/folder`).
 * Throws `DATABASE_URL_INVALID` and `DATABASE_PASSWORD_MISSING`; neither shows the URL.
 */
export function parseDatabaseUrl(url: string): ServerConnection {
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw databaseError('DATABASE_URL_INVALID', { reason: 'it does not begin with postgresql://' });
  }
  let client: Client;
  try {
    client = new Client({ connectionString: url });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be parsed';
    throw databaseError('DATABASE_URL_INVALID', { reason });
  }
  const { host, port, database, user, password, ssl } = client;
  if (database === undefined || database === '') {
    throw databaseError('DATABASE_URL_INVALID', { reason: 'it names no database' });
  }
  if (user === undefined || user === '') {
    throw databaseError('DATABASE_URL_INVALID', { reason: 'it names no user' });
  }
  if (typeof password !== 'string' || password === '')
    throw databaseError('DATABASE_PASSWORD_MISSING', { user });
  return { host, port, database, user, password, ssl };
}
