import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerConnection } from '../database/connection.ts';
import { startEmbeddedServer } from '../database/embedded/server.ts';

/** Servers on which suites of the database run: the embedded one, and Debian's as an example of an external one. */
export const testServers = ['embedded', 'debian-15'] as const;

/** Name of one of them. */
export type TestServer = (typeof testServers)[number];

const debianPrograms = '/usr/lib/postgresql/15/bin';

/** What a server lacks on this machine, or undefined when it can be started. */
export function missingForServer(server: TestServer): string | undefined {
  if (server === 'embedded' || existsSync(join(debianPrograms, 'postgres'))) return undefined;
  return `PostgreSQL 15 in ${debianPrograms} (Debian package postgresql-15)`;
}

/** A throw-away server: no durability, in a temporary folder. */
export async function startTestServer(
  server: TestServer,
): Promise<AsyncDisposable & { readonly connection: ServerConnection }> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrall-test-'));
  const running = await startEmbeddedServer({
    folder,
    database: 'postgres',
    durable: false,
    settings: { max_connections: '200' },
    ...(server === 'embedded'
      ? {}
      : {
          binaries: {
            major: 15,
            initdb: join(debianPrograms, 'initdb'),
            postgres: join(debianPrograms, 'postgres'),
          },
        }),
  });
  return {
    connection: running.connection,
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
