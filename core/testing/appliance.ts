import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@orchestrall/client';
import type { Client } from '@orchestrall/client';
import type { Role } from '@orchestrall/sdk';
import { stringify } from 'yaml';
import { createAppliance } from '../kernel/appliance.ts';
import type { Appliance } from '../kernel/appliance-options.ts';
import { testDatabase } from './postgres.ts';
import type { TestDatabase } from './postgres.ts';

/** How a test's appliance is started. */
export interface TestApplianceOptions {
  /** The client's YAML as a value, merged over a client with high rate limits; `null` starts without a file. */
  readonly configuration?: Readonly<Record<string, unknown>> | null;
  /** Folder whose sub-folders are plugins, in place of the repository's. */
  readonly repository?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Records where leaked handles were made; default true. */
  readonly recordStacks?: boolean;
  /** Longest run of a plugin's `setup`; default that of the product. */
  readonly setupLimitMs?: number;
  /** A database that outlives the appliance, to start another on it; default one of its own. */
  readonly database?: Pick<TestDatabase, 'connection'>;
  /** A data folder that outlives the appliance; goes with `database`. */
  readonly dataFolder?: string;
}

/** An appliance on a database and a data folder of its own, gone when disposed. */
export interface TestAppliance extends AsyncDisposable {
  readonly appliance: Appliance;
  readonly url: string;
  /** The client's YAML, to be edited. */
  readonly file: string;
  readonly dataFolder: string;
  /** Log records so far, parsed. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  /** An access token of the role, from the appliance's own provider. */
  token(role: Role): Promise<string>;
  /** A typed client that calls as this role, default admin. It sends each request once, so that no failure is hidden. */
  client(role?: Role): Client;
  /** Sends a request as this role (default admin); a body that is no text is sent as JSON. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Replaces the YAML, merged over the default client again. */
  configure(configuration: Readonly<Record<string, unknown>>): Promise<void>;
}

/** What a request is sent with; `role: null` sends it without a token. */
export interface RequestOptions {
  readonly role?: Role | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Default client of tests: everything as in the product, but rate limits that no test reaches. */
const defaultClient = {
  client: { id: 'test' },
  security: { rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 } },
};

/** Starts a real appliance for a test: real PostgreSQL (a database from a template), real HTTP on a free port. */
export async function createTestAppliance(options: TestApplianceOptions = {}): Promise<TestAppliance> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'orchestrall-appliance-')));
  const file = join(dataFolder, 'client.yaml');
  const logs: Record<string, unknown>[] = [];
  const write = async (configuration: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(file, stringify({ ...defaultClient, ...configuration }));
  if (options.configuration !== null) await write(options.configuration ?? {});
  const own = options.database === undefined ? await testDatabase() : undefined;
  const { connection } = own ?? options.database ?? {};
  let appliance: Appliance;
  try {
    appliance = await createAppliance({
      file: options.configuration === null ? undefined : file,
      dataFolder,
      environment: options.environment ?? {},
      overrides: { 'server.port': '0' },
      logDestination: { write: (line) => void logs.push(JSON.parse(line)) },
      repository: options.repository,
      connection,
      recordStacks: options.recordStacks ?? true,
      setupLimitMs: options.setupLimitMs,
    });
  } catch (error) {
    await own?.[Symbol.asyncDispose]();
    if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    throw error;
  }
  const tokens = new Map<Role, Promise<string>>();
  const token = async (role: Role): Promise<string> => {
    const known = tokens.get(role) ?? appliance.rooms.auth.issueLocalToken(role);
    tokens.set(role, known);
    return known;
  };
  return {
    appliance,
    url: appliance.url,
    file,
    dataFolder,
    logs,
    token,
    configure: write,
    client: (role = 'admin') =>
      createClient({ baseUrl: appliance.url, token: async () => token(role), retries: 0 }),
    async request(method, path, { role = 'admin', body, headers = {}, signal } = {}) {
      const isText = typeof body === 'string' || body === undefined;
      return fetch(`${appliance.url}${path}`, {
        method,
        headers: {
          ...(role === null ? {} : { authorization: `Bearer ${await token(role)}` }),
          ...(isText ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    async [Symbol.asyncDispose]() {
      await appliance.stop('the test has ended');
      await own?.[Symbol.asyncDispose]();
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true, force: true });
    },
  };
}
