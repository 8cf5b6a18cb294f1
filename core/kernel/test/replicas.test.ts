import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { packFixture } from '../../host/test/pack-fixture.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

const patience = { timeout: 30_000, interval: 50 };

async function status(appliance: TestAppliance): Promise<number> {
  return (await appliance.request('GET', '/api/v1/crm/contacts')).status;
}

describe('two appliances on one database', { timeout: 90_000 }, () => {
  let database: TestDatabase;
  let folder: string;
  let plugins: string;
  let one: TestAppliance;
  let other: TestAppliance;

  beforeAll(async () => {
    database = await testDatabase();
    plugins = await mkdtemp(join(tmpdir(), 'orchestrall-replica-plugins-'));
    await packFixture({ name: 'traffic', version: '1.0.0', into: plugins });
    const configuration = {
      features: { crm_integration: true, traffic: true },
      plugins: { paths: [plugins] },
    };
    one = await createTestAppliance({ database, configuration });
    folder = await mkdtemp(join(tmpdir(), 'orchestrall-replica-'));
    // Replicas have the key that seals signing keys in common.
    await copyFile(join(one.dataFolder, 'appliance.key'), join(folder, 'appliance.key'));
    other = await createTestAppliance({ database, configuration, dataFolder: folder });
  });

  afterAll(async () => {
    await other[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    for (const each of [folder, plugins]) await rm(each, { recursive: true, force: true });
  });

  test('a plugin switched at one is switched at the other', async () => {
    await one.request('POST', '/api/v1/system/plugins/crm/disable');
    await vi.waitFor(async () => expect(await status(other)).toBe(404), patience);
    await one.request('POST', '/api/v1/system/plugins/crm/enable');
    await vi.waitFor(async () => expect(await status(other)).toBe(200), patience);
  });

  const traffic = '/api/v1/system/plugins/traffic';

  /** Resolves once both replicas serve this version. */
  async function runs(version: string): Promise<void> {
    for (const each of [one, other]) {
      await vi.waitFor(async () => {
        const found: unknown = await (await each.request('GET', traffic)).json();
        expect(found).toMatchObject({ state: 'active', version });
      }, patience);
    }
  }

  test('a rollback at one holds at the other', async () => {
    await runs('1.0.0');
    await packFixture({ name: 'traffic', version: '1.1.0', into: plugins });
    await runs('1.1.0');
    expect((await one.request('POST', `${traffic}/rollback`)).status).toBe(200);
    await runs('1.0.0');
  });

  test('what one remembers of a plugin leaves the hold that the other has stored', async () => {
    await packFixture({ name: 'traffic', version: '1.2.0', into: plugins });
    await runs('1.2.0');
    expect((await other.request('POST', `${traffic}/rollback`)).status).toBe(200);
    await runs('1.0.0');
    for (const each of [one, other]) await each.request('POST', `${traffic}/reload`);
    await runs('1.0.0');
    const [row] = await one.appliance.rooms.database
      .core()
      .query('select hold_version, hold_above from plugins where name = $1', ['traffic']);
    expect(row).toEqual({ hold_version: '1.0.0', hold_above: '1.2.0' });
  });

  test('a hold whose word was lost with the connection that hears is followed once that is back', async () => {
    await packFixture({ name: 'traffic', version: '1.3.0', into: plugins });
    await runs('1.3.0');
    // As a rollback does, but for the word, which nobody would have heard.
    await one.appliance.rooms.database
      .core()
      .query('update plugins set hold_version = $2, hold_above = $3 where name = $1', [
        'traffic',
        '1.2.0',
        '1.3.0',
      ]);
    expect(await database.cutConnections('orchestrall listen')).toBe(2);
    await runs('1.2.0');
  });

  test('an event of one reaches a stream of the other', async () => {
    const ended = new AbortController();
    const feed = await other.request('GET', '/sse/events?pattern=contact.*', {
      headers: { accept: 'text/event-stream' },
      signal: ended.signal,
    });
    expect(feed.status).toBe(200);
    const made = await one.request('POST', '/api/v1/crm/contacts', { body: { email: 'ada@example.com' } });
    expect(made.status).toBe(201);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of feed.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('ada@example.com')) break;
    }
    ended.abort();
    expect(text).toContain('contact.created');
  });

  test('a job runs once, whichever takes it', async () => {
    const lines = Array.from({ length: 200 }, (_, row) => `${row}@import.example.com\n`);
    const sent = await one.request('POST', '/api/v1/crm/imports?object=contacts&key=email', {
      body: `email\n${lines.join('')}`,
      headers: { 'content-type': 'text/csv' },
    });
    expect(sent.status).toBe(202);
    await vi.waitFor(async () => {
      const list: unknown = await (await other.request('GET', '/api/v1/crm/imports?limit=1')).json();
      expect(list).toMatchObject({
        items: [{ status: 'completed', rows_total: 200, rows_created: 200, rows_updated: 0 }],
      });
    }, patience);
  });

  test('when one stops the other goes on serving', async () => {
    await one.appliance.stop('the test wants it');
    expect(await status(other)).toBe(200);
    const made = await other.request('POST', '/api/v1/crm/contacts', { body: { email: 'bo@example.com' } });
    expect(made.status).toBe(201);
  });
});
