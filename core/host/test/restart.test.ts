import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { testDatabase, type TestDatabase } from '../../testing/postgres.ts';
import { liveFixtures, packFixture } from './pack-fixture.ts';
import { changePlugin, outcomeOf, showPlugin, untilPlugin } from './plugins-api.ts';

let folder: string;
let packs: string;
let database: TestDatabase;
let world: TestAppliance;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-restart-'));
  packs = await mkdtemp(join(tmpdir(), 'orchestrall-packs-'));
  database = await testDatabase();
  await start();
});
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  await rm(packs, { recursive: true, force: true });
});

async function start(): Promise<void> {
  world = await createTestAppliance({
    configuration: { features: { traffic: true, vault: true }, plugins: { paths: [packs] } },
    repository: liveFixtures,
    database,
    dataFolder: folder,
  });
}

async function restart(): Promise<void> {
  await world[Symbol.asyncDispose]();
  await start();
}

const versionServed = async (): Promise<unknown> =>
  (await world.request('GET', '/api/v1/traffic/short')).json();

test('what was switched off through the API is off after a restart, though the file says on', async () => {
  await changePlugin(world, 'vault', 'disable');
  await restart();
  expect(await showPlugin(world, 'vault')).toMatchObject({ state: 'off', desired: 'off' });
  expect(await outcomeOf(world, '/api/v1/vault/secrets')).toEqual([404, 'PLUGIN_DISABLED']);
  await changePlugin(world, 'vault', 'enable');
  await restart();
  expect((await world.request('GET', '/api/v1/vault/secrets')).status).toBe(200);
});

test('a packed version put into plugins.paths is taken up, rolled back, held over a restart, and left for a newer one', async () => {
  expect(await versionServed()).toEqual({ version: '1.0.0' });
  await packFixture({ name: 'traffic', version: '1.1.0', into: packs });
  await untilPlugin(world, 'traffic', { version: '1.1.0', state: 'active' });
  expect(await versionServed()).toEqual({ version: '1.1.0' });
  expect(await changePlugin(world, 'traffic', 'rollback')).toMatchObject({ version: '1.0.0' });
  await restart();
  expect(await showPlugin(world, 'traffic')).toMatchObject({
    version: '1.0.0',
    versions: ['1.1.0', '1.0.0'],
    reason: null,
  });
  expect(await changePlugin(world, 'traffic', 'reload')).toMatchObject({ version: '1.0.0' });
  await packFixture({ name: 'traffic', version: '1.2.0', into: packs });
  expect(await changePlugin(world, 'traffic', 'reload')).toMatchObject({ version: '1.2.0' });
  expect(await changePlugin(world, 'traffic', 'rollback')).toMatchObject({ version: '1.0.0' });
  expect(await changePlugin(world, 'traffic', 'rollback')).toMatchObject({ version: '1.2.0' });
});

test('a version taken up while the plugin was off, or the appliance stopped, is rolled back as well', async () => {
  await changePlugin(world, 'traffic', 'disable');
  await packFixture({ name: 'traffic', version: '1.1.0', into: packs });
  await untilPlugin(world, 'traffic', { version: '1.1.0', state: 'off' });
  expect(await changePlugin(world, 'traffic', 'enable')).toMatchObject({ version: '1.1.0' });
  expect(await changePlugin(world, 'traffic', 'rollback')).toMatchObject({ version: '1.0.0' });
  await world[Symbol.asyncDispose]();
  await packFixture({ name: 'traffic', version: '1.2.0', into: packs });
  await start();
  expect(await showPlugin(world, 'traffic')).toMatchObject({ version: '1.2.0', state: 'active' });
  expect(await changePlugin(world, 'traffic', 'rollback')).toMatchObject({ version: '1.0.0' });
});

test('going back below the floor of what has been migrated is refused, also after a restart', async () => {
  await packFixture({
    name: 'vault',
    version: '1.1.0',
    into: packs,
    manifest: "rollbackFloor: '1.1.0',",
    files: { 'migrations/0002-rename.sql': 'ALTER TABLE secrets RENAME COLUMN text TO words;' },
  });
  expect(await changePlugin(world, 'vault', 'reload')).toMatchObject({ version: '1.1.0', state: 'active' });
  for (const round of ['at once', 'after a restart']) {
    const refused = await world.request('POST', '/api/v1/system/plugins/vault/rollback');
    expect([round, refused.status, await refused.json()]).toEqual([
      round,
      409,
      expect.objectContaining({ code: 'ROLLBACK_REFUSED' }),
    ]);
    expect(await showPlugin(world, 'vault')).toMatchObject({ version: '1.1.0', state: 'active' });
    await restart();
  }
  await rm(join(packs, 'vault-1.1.0.orchplugin'));
  // Its file is gone, but the code below the floor must not run over what has been migrated.
  expect(await changePlugin(world, 'vault', 'reload')).toMatchObject({
    version: '1.1.0',
    state: 'active',
    reason: expect.stringContaining('1.1.0'),
  });
});
