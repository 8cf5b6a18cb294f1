import { createHash, randomBytes } from 'node:crypto';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client, escapeIdentifier } from 'pg';
import { inject } from 'vitest';
import type { ServerConnection } from '../database/connection.ts';
import { createDatabase } from '../database/engine.ts';
import type { DatabaseEngine, DatabaseOptions } from '../database/engine.ts';
import type { MigrationSet } from '../database/migrate/run.ts';
import { describeWith } from './describe-with.ts';
import { missingForServer, testServers } from './test-server.ts';
import type { TestServer } from './test-server.ts';

/** What a test's database is made on, and holds already. */
export interface TestDatabaseOptions {
  /** Default `embedded`. */
  readonly server?: TestServer;
  /** What the database shall hold already; sets of plugins need their name in `plugins`. */
  readonly migrations?: readonly MigrationSet[];
  /** Plugins whose role and schema shall be there. */
  readonly plugins?: readonly string[];
}

/** A database of its own, removed when disposed. */
export interface TestDatabase extends AsyncDisposable {
  /** As the server's superuser: what `createDatabase` takes. */
  readonly connection: ServerConnection;
  /** Opens an engine on it, which is closed with the database; problems are logged nowhere. */
  open(options?: Partial<Omit<DatabaseOptions, 'connection'>>): Promise<DatabaseEngine>;
  /** Ends the connections to it, commits under way included, or those of one application name; returns how many. */
  cutConnections(applicationName?: string): Promise<number>;
}

/**
 * Makes a database on the run's shared server by copying a template, which is migrated once per run for
 * each set of options: one per test file costs well below 100 ms.
 */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await sharedServer(options.server ?? 'embedded');
  const template = await ensureTemplate(server, options);
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(server, (client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(template)}`),
  );
  const connection = { ...server, database: name };
  const engines: DatabaseEngine[] = [];
  return {
    connection,
    async open(given = {}) {
      const engine = await createDatabase({ log: silent, poolSize: 8, ...given, connection });
      engines.push(engine);
      return engine;
    },
    cutConnections: async (applicationName) =>
      onServer(server, async (client) => {
        const { rowCount } = await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = $1 AND ($2::text IS NULL OR application_name = $2)`,
          [name, applicationName ?? null],
        );
        return rowCount ?? 0;
      }),
    [Symbol.asyncDispose]: async () => {
      for (const engine of engines) await engine.close();
      await onServer(server, (client) =>
        client.query(`DROP DATABASE ${escapeIdentifier(name)} WITH (FORCE)`),
      );
    },
  };
}

/**
 * A suite that runs on each kind of server. One that this machine lacks is skipped, which its title says,
 * or fails when `ORCHESTRALL_REQUIRE_SERVERS=1`.
 */
export function describeOnServers(title: string, suite: (server: TestServer) => void): void {
  for (const server of testServers) {
    describeWith(`${title} (${server})`, missingForServer(server), () => suite(server));
  }
}

const silent = { warn: () => undefined, error: () => undefined };
const servers = new Map<TestServer, Promise<ServerConnection>>();

/** The run's server of this kind, as superuser on the database `postgres`; started at the first call. */
export function sharedServer(server: TestServer): Promise<ServerConnection> {
  const known = servers.get(server) ?? askForServer(server);
  servers.set(server, known);
  return known;
}

async function askForServer(server: TestServer): Promise<ServerConnection> {
  const path: string | undefined = inject('testServersSocket');
  if (path === undefined) {
    throw new Error('core/testing/global-servers.ts must be in `globalSetup` of the vitest configuration');
  }
  const socket = createConnection(path);
  socket.write(`${server}\n`);
  const reply: { readonly connection?: ServerConnection; readonly error?: string } = JSON.parse(
    await text(socket),
  );
  if (reply.connection === undefined) throw new Error(reply.error);
  return reply.connection;
}

/** Made under an advisory lock, and a template only once complete: a half-made one is made anew. */
async function ensureTemplate(server: ServerConnection, options: TestDatabaseOptions): Promise<string> {
  const key = JSON.stringify([options.plugins ?? [], options.migrations ?? []]);
  const name = `template_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
  return onServer(server, async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
    const { rows } = await client.query<{ datistemplate: boolean }>(
      'SELECT datistemplate FROM pg_database WHERE datname = $1',
      [name],
    );
    if (rows[0]?.datistemplate === true) return name;
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
    await using engine = await createDatabase({ connection: { ...server, database: name }, log: silent });
    for (const plugin of options.plugins ?? []) await engine.preparePlugin(plugin);
    if (options.migrations !== undefined) await engine.migrate(options.migrations);
    await client.query(`ALTER DATABASE ${escapeIdentifier(name)} IS_TEMPLATE true`);
    return name;
  });
}

async function onServer<Result>(
  server: ServerConnection,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ ...server });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
