import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

/** What came back for one request. */
export interface Sent {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly replayed: boolean;
  readonly headers: Headers;
}

export const entriesPath = '/api/v1/ledger/entries';
export const fixtures = join(import.meta.dirname, 'fixtures');
export const ledgerClient = { features: { ledger: true }, security: ledgerSecurity() };

function ledgerSecurity(): object {
  return { jwt_expiry: 86_400, rate_limit: { requests_per_minute: 10_000_000, burst_size: 10_000_000 } };
}

/** An appliance with the ledger on this database; of several, each is given the folder of the first. */
export async function startLedger(
  database: Pick<TestDatabase, 'connection'>,
  first?: Pick<TestAppliance, 'dataFolder'>,
): Promise<TestAppliance> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'orchestrall-ledger-'));
  if (first !== undefined) {
    await copyFile(join(first.dataFolder, 'appliance.key'), join(dataFolder, 'appliance.key'));
  }
  const world = await createTestAppliance({
    configuration: ledgerClient,
    repository: fixtures,
    database,
    dataFolder,
  });
  return {
    ...world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** How a keyed request is sent; by default a POST of an entry. */
export interface KeyedRequestOptions {
  readonly key?: string;
  readonly behave?: string;
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Access token; default of the local administrator. */
  readonly token?: string;
}

/** What sends requests. */
type Sender = Pick<TestAppliance, 'request'>;

/** Sends one request and reads its answer. */
export async function send(world: Sender, options: KeyedRequestOptions = {}): Promise<Sent> {
  const { key, behave, method = 'POST', path = entriesPath, token, headers = {} } = options;
  const { body = { text: 'one' } } = options;
  const answer = await world.request(method, path, {
    ...(method === 'DELETE' ? {} : { body }),
    headers: {
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(behave === undefined ? {} : { 'x-behave': behave }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  const text = await answer.text();
  const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  return {
    status: answer.status,
    body: parsed as Record<string, unknown>,
    text,
    replayed: answer.headers.get('idempotency-replayed') === 'true',
    headers: answer.headers,
  };
}

/** Texts of the entries that there are, in order. */
export async function entriesOf(world: Sender): Promise<string[]> {
  const answer = await world.request('GET', entriesPath);
  const { items } = (await answer.json()) as { readonly items: readonly { readonly text: string }[] };
  return items.map(({ text }) => text);
}
