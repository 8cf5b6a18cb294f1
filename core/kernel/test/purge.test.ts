import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

const patience = { timeout: 30_000, interval: 20 };
const crm = '/api/v1/system/plugins/crm';
const contacts = '/api/v1/crm/contacts';

async function purge(appliance: TestAppliance): Promise<Response> {
  return appliance.request('POST', `${crm}/purge`, { body: { confirm: 'crm' } });
}

async function view(appliance: TestAppliance): Promise<unknown> {
  return (await appliance.request('GET', crm)).json();
}

describe('a purge and a switch at once', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let folder: string;
  let one: TestAppliance;
  let other: TestAppliance;
  let blocker: Client;

  beforeEach(async () => {
    database = await testDatabase();
    const configuration = { features: { crm_integration: true } };
    one = await createTestAppliance({ database, configuration });
    folder = await mkdtemp(join(tmpdir(), 'orchestrall-purge-'));
    await copyFile(join(one.dataFolder, 'appliance.key'), join(folder, 'appliance.key'));
    other = await createTestAppliance({ database, configuration, dataFolder: folder });
    const { connection } = database;
    blocker = new Client(connection);
    await blocker.connect();
    const made = await one.request('POST', contacts, { body: { email: 'purged@example.com' } });
    expect(made.status).toBe(201);
    await one.request('POST', `${crm}/disable`);
    for (const each of [one, other]) {
      await vi.waitFor(async () => expect(await view(each)).toMatchObject({ state: 'off' }), patience);
      await each.appliance.host.drained('crm');
    }
  });

  afterEach(async () => {
    await blocker.end();
    await other[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Begins a purge at one and holds it where the plugin's tables are dropped, until released. */
  async function heldPurge(): Promise<{
    readonly purging: Promise<Response>;
    readonly release: () => Promise<void>;
  }> {
    await blocker.query('begin');
    await blocker.query('lock table plugin_crm.contacts in access share mode');
    const purging = purge(one);
    await vi.waitFor(async () => {
      const { rows } = await blocker.query('select from pg_locks where not granted');
      expect(rows).not.toEqual([]);
    }, patience);
    return { purging, release: async () => void (await blocker.query('commit')) };
  }

  test.each([
    ['here', () => one],
    ['at another replica', () => other],
  ])(
    'the plugin that is switched on %s while it is purged comes on afterwards, on nothing',
    async (_, at) => {
      const { purging, release } = await heldPurge();
      const enabling = at().request('POST', `${crm}/enable`);
      for (const each of [one, other]) {
        await vi.waitFor(async () => expect(await view(each)).toMatchObject({ desired: 'on' }), patience);
        expect(await view(each)).toMatchObject({ state: 'preparing' });
      }
      await release();
      expect((await purging).status).toBe(204);
      expect(await (await enabling).json()).toMatchObject({ state: 'active' });
      for (const each of [one, other]) {
        await vi.waitFor(async () => expect(await view(each)).toMatchObject({ state: 'active' }), patience);
        const found = await each.request('GET', contacts);
        expect(await found.json()).toEqual({ items: [], next_cursor: null });
      }
    },
  );

  test('a second purge is refused while the first goes on', async () => {
    const { purging, release } = await heldPurge();
    expect(await (await purge(one)).json()).toMatchObject({ status: 409, code: 'PLUGIN_NOT_OFF' });
    await release();
    expect((await purging).status).toBe(204);
  });

  test('a purge after a switch deletes nothing', async () => {
    const [enabled, purged] = await Promise.all([other.request('POST', `${crm}/enable`), purge(one)]);
    expect(enabled.status).toBe(200);
    const found = await other.request('GET', contacts);
    expect(found.status).toBe(200);
    const { items } = (await found.json()) as { items: unknown[] };
    expect(items).toHaveLength(purged.status === 204 ? 0 : 1);
  });
});
