import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveFixtures, packFixture } from '../../host/test/pack-fixture.ts';
import { showPlugin } from '../../host/test/plugins-api.ts';
import { createTestAppliance } from '../../testing/appliance.ts';
import type { TestAppliance } from '../../testing/appliance.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

const conventions = ['0001-create-bulk-changes'];
const vault = '/api/v1/system/plugins/vault';

describe('tables of the conventions', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let folder: string;
  let world: TestAppliance;

  const start = async (): Promise<TestAppliance> =>
    createTestAppliance({
      configuration: { features: { vault: true, traffic: true }, plugins: { paths: [folder] } },
      repository: liveFixtures,
      database,
      dataFolder: folder,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrall-tables-'));
    database = await testDatabase();
    world = await start();
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const applied = async (): Promise<Record<string, string[]>> => {
    const rows = await world.appliance.rooms.database.core().query<{ owner: string; names: string[] }>(
      `select owner, array_agg(lpad(number::text, 4, '0') || '-' || name order by applied_at, number) as names
       from migrations where owner not like 'core/%' group by owner`,
    );
    return Object.fromEntries(rows.map(({ owner, names }) => [owner, names]));
  };
  const count = async (table: string): Promise<unknown> =>
    world.appliance.rooms.database.forPlugin('vault').query(`select count(*) as rows from ${table}`);

  test('stand in the schema of each plugin that has migrations, and in no other', async () => {
    expect(await applied()).toEqual({ 'vault/resources': conventions, vault: ['0001-create-secrets'] });
    expect(await count('bulk_changes')).toEqual([{ rows: 0 }]);
    expect(await count('bulk_items')).toEqual([{ rows: 0 }]);
  });

  test('come before the migrations of the plugin, which may refer to them', async () => {
    await packFixture({
      name: 'vault',
      version: '1.1.0',
      into: folder,
      files: { 'migrations/0002-refer.sql': 'CREATE TABLE notes (bulk_id uuid REFERENCES bulk_changes);' },
    });
    expect((await world.request('POST', `${vault}/reload`)).status).toBe(200);
    expect(await showPlugin(world, 'vault')).toMatchObject({ version: '1.1.0', state: 'active' });
    expect(await count('notes')).toEqual([{ rows: 0 }]);
  });

  test('of a newer core are left alone by an older one', async () => {
    await world[Symbol.asyncDispose]();
    const engine = await database.open();
    await engine
      .core()
      .query(
        `insert into migrations (owner, number, name, checksum) values ('vault/resources', 99, 'of-tomorrow', 'x')`,
      );
    world = await start();
    expect(await showPlugin(world, 'vault')).toMatchObject({ version: '1.1.0', state: 'active' });
    expect((await applied())['vault/resources']).toEqual([...conventions, '0099-of-tomorrow']);
  });

  test('are forgotten by a purge, and made anew when the plugin is switched on again', async () => {
    await world.request('POST', `${vault}/disable`);
    await world.appliance.host.drained('vault');
    const purged = await world.request('POST', `${vault}/purge`, { body: { confirm: 'vault' } });
    expect(purged.status).toBe(204);
    expect(await applied()).toEqual({});
    await world.request('POST', `${vault}/enable`);
    expect(await showPlugin(world, 'vault')).toMatchObject({ state: 'active' });
    expect((await applied())['vault/resources']).toEqual(conventions);
    expect(await count('bulk_items')).toEqual([{ rows: 0 }]);
  });
});
