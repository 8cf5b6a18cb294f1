import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { liveFixtures, packFixture } from './pack-fixture.ts';
import { changePlugin, outcomeOf, showPlugin, untilPlugin } from './plugins-api.ts';

let packs: string;
let world: TestAppliance;
const configurationOf = (fault: string) => ({
  features: { faulty: true, vault: true, traffic: true },
  faulty: { fault },
  plugins: { paths: [packs] },
});

beforeAll(async () => {
  packs = await mkdtemp(join(tmpdir(), 'orchestrall-packs-'));
  world = await createTestAppliance({
    configuration: configurationOf('none'),
    repository: liveFixtures,
    setupLimitMs: 500,
  });
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(packs, { recursive: true, force: true });
});

afterEach(async () => {
  expect((await world.request('GET', '/api/v1/traffic/short')).status).toBe(200);
  expect((await showPlugin(world, 'traffic')).generation).toBe(1);
});

async function healthOf(): Promise<unknown> {
  const answer = await world.request('GET', '/health');
  return [answer.status, ((await answer.json()) as { readonly status: string }).status];
}

test.each([
  ['setup_throws', 'the licence has run out'],
  ['setup_throws_no_error', 'a value of type object without a message'],
  ['setup_hangs', 'setup took longer than 500 ms'],
  ['route_without_access', 'declares no access rule'],
])('%s leaves what served serving, and fails the plugin where nothing did', async (fault, reason) => {
  await world.configure(configurationOf('none'));
  const { generation } = await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  await world.configure(configurationOf(fault));
  await untilPlugin(world, 'faulty', {
    state: 'active',
    generation,
    reason: expect.stringContaining(reason),
  });
  expect((await world.request('GET', '/api/v1/faulty/fine')).status).toBe(200);

  await changePlugin(world, 'faulty', 'disable');
  const failed = await changePlugin(world, 'faulty', 'enable');
  expect(failed).toMatchObject({ state: 'failed', desired: 'on', reason: expect.stringContaining(reason) });
  const refused = await world.request('GET', '/api/v1/faulty/fine');
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: 'PLUGIN_FAILED' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await healthOf()).toEqual([200, 'degraded']);

  await world.configure(configurationOf('none'));
  await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  expect(await healthOf()).toEqual([200, 'healthy']);
});

test('a route whose module never ends fails its plugin alone', async () => {
  const definition =
    "{ name: 'endless', version: '1.0.0', engine: '*', setup: ({ http }) => http.mount({}) }";
  await mkdir(join(packs, 'endless', 'routes'), { recursive: true });
  await writeFile(join(packs, 'endless', 'routes', 'late.mjs'), 'await new Promise(() => {});\n');
  await writeFile(join(packs, 'endless', 'plugin.mjs'), `export default ${definition};\n`);
  await expect
    .poll(async () => (await world.request('GET', '/api/v1/system/plugins/endless')).status, {
      timeout: 20_000,
    })
    .toBe(200);
  const failed = await changePlugin(world, 'endless', 'enable');
  expect(failed).toMatchObject({ state: 'failed', reason: 'its code was not loaded within 500 ms' });
  await changePlugin(world, 'endless', 'disable');
  await rm(join(packs, 'endless'), { recursive: true });
});

test('a change that another overtakes before it is in effect is told so at once, and the later one is in effect', async () => {
  await world.configure(configurationOf('none'));
  await changePlugin(world, 'faulty', 'disable');
  await world.configure(configurationOf('setup_hangs'));
  await expect
    .poll(async () => (await world.request('GET', '/api/v1/system/configuration')).text(), {
      timeout: 20_000,
    })
    .toContain('setup_hangs');
  const enable = world.request('POST', '/api/v1/system/plugins/faulty/enable');
  await untilPlugin(world, 'faulty', { state: 'preparing', desired: 'on' });
  expect(await changePlugin(world, 'faulty', 'disable')).toMatchObject({ state: 'off', desired: 'off' });
  const answer = await enable;
  expect([answer.status, await answer.json()]).toEqual([
    409,
    expect.objectContaining({
      code: 'CHANGE_SUPERSEDED',
      detail: expect.stringMatching(
        /^Before the change of faulty was in effect, a later call by .+ switched it off\.$/,
      ),
      details: expect.objectContaining({ plugin: 'faulty', desired: 'off' }),
    }),
  ]);
  // The build that nobody wants any more still ends, with a fault that is no reason for being off.
  expect(await untilPlugin(world, 'faulty', { draining: 0 })).toMatchObject({ state: 'off', reason: null });
  await world.configure(configurationOf('none'));
  await changePlugin(world, 'faulty', 'enable');
});

test('an edit that switches a plugin on and configures it starts it with the new configuration alone', async () => {
  const broken = configurationOf('setup_throws');
  await world.configure({ ...broken, features: { ...broken.features, faulty: false } });
  await untilPlugin(world, 'faulty', { state: 'off', draining: 0 });
  await expect
    .poll(async () => (await world.request('GET', '/api/v1/system/configuration')).text(), {
      timeout: 20_000,
    })
    .toContain('setup_throws');
  const from = world.logs.length;
  await world.configure(configurationOf('none'));
  await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  const failures = world.logs.slice(from).filter(({ message }) => /faulty .* failed:/.test(String(message)));
  expect(failures).toEqual([]);
});

test('a failed plugin is tried again by itself, after a pause that grows, and recovers', async () => {
  await changePlugin(world, 'faulty', 'disable');
  await world.configure(configurationOf('setup_throws_twice'));
  // While the plugin is off only the configuration itself shows that the edit is in force.
  await expect
    .poll(async () => (await world.request('GET', '/api/v1/system/configuration')).text(), {
      timeout: 20_000,
    })
    .toContain('setup_throws_twice');
  const from = world.logs.length;
  await changePlugin(world, 'faulty', 'enable');
  await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  const tries = world.logs
    .slice(from)
    .filter(({ logger, plugin, message }) => {
      return logger === 'core.host' && plugin === 'faulty' && /failed|is active/.test(String(message));
    })
    .map(({ timestamp }) => Date.parse(String(timestamp)));
  expect(tries.length).toBe(3);
  const [first = 0, second = 0, third = 0] = tries;
  expect(second - first).toBeGreaterThanOrEqual(1_000);
  expect(third - second).toBeGreaterThanOrEqual(2_000);
});

test('a generation that proves unhealthy after the switch gives way to the one before it', async () => {
  await world.configure(configurationOf('none'));
  const before = await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  await world.configure(configurationOf('unhealthy'));
  const after = await untilPlugin(world, 'faulty', {
    reason: expect.stringContaining('unhealthy after the switch'),
  });
  expect(after).toMatchObject({ state: 'active', generation: before.generation });
  expect(after.reason).toContain('the licence has run out');
  expect((await world.request('GET', '/api/v1/faulty/fine')).status).toBe(200);
  await world.configure(configurationOf('none'));
  await untilPlugin(world, 'faulty', { reason: null });
});

test('a provider that is not installed fails its plugin with the remedy, and everything else serves', async () => {
  await world.configure({
    ...configurationOf('none'),
    features: { ...configurationOf('none').features, faulty: { enabled: true, provider: 'salesforce' } },
  });
  await untilPlugin(world, 'faulty', { reason: expect.stringMatching(/salesforce.*builtin/) });
  await changePlugin(world, 'faulty', 'disable');
  expect(await changePlugin(world, 'faulty', 'enable')).toMatchObject({ state: 'failed' });
  expect(await outcomeOf(world, '/api/v1/faulty/fine')).toEqual([503, 'PLUGIN_FAILED']);
  expect(await healthOf()).toEqual([200, 'degraded']);
  await world.configure(configurationOf('none'));
  await untilPlugin(world, 'faulty', { state: 'active', reason: null });
});

test.each([
  ['that fails', '0002-break.sql', 'ALTER TABLE nothing ADD COLUMN more text;', /nothing/],
  ['that was edited', '0001-create-secrets.sql', 'CREATE TABLE secrets (id integer);', /create-secrets/],
])('a migration %s leaves the version before it serving and says so', async (_name, file, sql, reason) => {
  const staged = await mkdtemp(join(tmpdir(), 'orchestrall-staged-'));
  const packed = await packFixture({
    name: 'vault',
    version: '1.1.0',
    into: staged,
    files: { [`migrations/${file}`]: sql },
  });
  const shelved = join(packs, 'vault.orchplugin');
  await rename(packed, shelved);
  const after = await changePlugin(world, 'vault', 'reload');
  expect(after).toMatchObject({ state: 'active', version: '1.0.0', reason: expect.stringMatching(reason) });
  const answer = await world.request('GET', '/api/v1/vault/secrets');
  expect(await answer.json()).toMatchObject({ items: [{ id: 1, text: 'kept' }] });
  await rm(shelved);
  expect(await changePlugin(world, 'vault', 'reload')).toMatchObject({ version: '1.0.0', reason: null });
  await rm(staged, { recursive: true });
});
