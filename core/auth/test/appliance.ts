import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Secret } from '@orchestrall/sdk';
import type { AuditEntry, Log } from '@orchestrall/sdk';
import { createDatabase } from '../../database/engine.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { effectPort } from '../../database/effects.ts';
import { startEmbeddedServer } from '../../database/embedded/server.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { createAuth } from '../auth.ts';
import type { Auth } from '../auth.ts';

/** One replica: an auth room behind a real HTTP server. */
export interface Replica extends AsyncDisposable {
  readonly auth: Auth;
  readonly url: string;
  readonly realm: string;
  readonly logged: object[];
}

/** A database with the identity tables, and replicas on it. */
export interface TestAppliance extends AsyncDisposable {
  readonly database: DatabaseEngine;
  /** Types of the events that were committed. */
  readonly events: { readonly type: string; readonly data: unknown }[];
  readonly entries: AuditEntry[];
  start(options?: StartOptions): Promise<Replica>;
}

interface StartOptions {
  readonly applianceKey?: string;
  /** Default: where the replica listens. */
  readonly publicUrl?: string;
  readonly jwtExpirySeconds?: number;
}

/** Key that replicas have unless another is given. */
export const applianceKey = new Secret('the key of the test appliance');
/** The clock of this machine. */
export const clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** Starts PostgreSQL and prepares the tables. */
export async function startTestAppliance(): Promise<TestAppliance> {
  const folder = await mkdtemp(path.join(tmpdir(), 'orch-auth-'));
  const server = await startEmbeddedServer({ folder, durable: false });
  const silent = { warn: () => undefined, error: () => undefined };
  const database = await createDatabase({ connection: server.connection, log: silent });
  const events: { type: string; data: unknown }[] = [];
  const entries: AuditEntry[] = [];
  // The rooms that store these are above; here it is enough to see what was handed over with the commit.
  database.connectEffects({
    emit: effectPort({
      prepare: (_scope, definition, data) => ({ effect: { type: definition.type, data }, result: '' }),
      statements: (effects) => (events.push(...effects), []),
    }),
    audit: effectPort({
      prepare: (_scope, entry) => ({ effect: entry, result: undefined }),
      statements: (effects) => (entries.push(...effects), []),
    }),
  });
  const migrations = await readMigrations(new URL('../migrations/', import.meta.url).pathname, 'core/auth');
  await database.migrate([{ owner: 'core/auth', migrations }]);
  return {
    database,
    events,
    entries,
    start: (options = {}) => startReplica(database, options),
    async [Symbol.asyncDispose]() {
      await database.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startReplica(database: DatabaseEngine, options: StartOptions): Promise<Replica> {
  const logged: object[] = [];
  const note = (fields: object): void => void logged.push(fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  let url: string | undefined;
  const auth = await createAuth({
    database: database.core(),
    applianceKey: options.applianceKey === undefined ? applianceKey : new Secret(options.applianceKey),
    publicUrl: () => options.publicUrl ?? url,
    passwordCost: { memory: 64, passes: 2, parallelism: 1 },
    clock,
    log,
    ...(options.jwtExpirySeconds === undefined ? {} : { jwtExpirySeconds: options.jwtExpirySeconds }),
  });
  const server = createServer((request, response) => void auth.handler(request, response));
  url = await listen(server);
  return {
    auth,
    url,
    realm: `${url}/realms/orchestrall`,
    logged,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await auth[Symbol.asyncDispose]();
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
