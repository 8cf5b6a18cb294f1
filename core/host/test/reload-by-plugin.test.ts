import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { testDatabase, type TestDatabase } from '../../testing/postgres.ts';
import { runClient } from './load/clients.ts';
import { Gate } from './load/gate.ts';
import { Tally } from './load/tally.ts';
import { liveFixtures } from './pack-fixture.ts';
import { changePlugin, showPlugin, untilPlugin } from './plugins-api.ts';

interface Served {
  readonly generation: number;
  readonly label: string;
  readonly names: readonly string[];
}

const patience = { timeout: 30_000, interval: 20 };
const configurationOf = (section: object = {}) => ({
  features: { fields: true },
  fields: section,
});
let database: TestDatabase;
let folder: string;
let world: TestAppliance;

beforeEach(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-reload-'));
  world = await start(folder);
});
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function start(dataFolder: string): Promise<TestAppliance> {
  const configuration = configurationOf();
  return createTestAppliance({ configuration, repository: liveFixtures, database, dataFolder });
}

async function served(appliance = world): Promise<Served> {
  return (await (await appliance.request('GET', '/api/v1/fields')).json()) as Served;
}

const add = async (name: string): Promise<Response> => world.request('PUT', `/api/v1/fields/${name}`);

/** Begins a request that asks for a new generation once its own drains; gives the code of what came of it. */
async function late(): Promise<{ readonly code: () => Promise<unknown> }> {
  const answer = await world.request('POST', '/api/v1/fields/late');
  return { code: async () => ((await answer.json()) as { readonly code: unknown }).code };
}

test('a plugin that changes what its setup reads serves it once reload() has resolved, and no request fails', async () => {
  const tally = new Tally(new Gate());
  const ending = new AbortController();
  const { signal } = ending;
  const url = `${world.url}/api/v1/fields`;
  const clients = Promise.all(
    Array.from({ length: 6 }, async () =>
      runClient({ tally, kind: 'get', everyMs: 2, signal, asking: () => ({ url }) }),
    ),
  );
  const expected: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const answer = await add(`field-${round}`);
    expected.push(`field-${round}`);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ generation: round + 1 }),
    ]);
    expect(await served()).toMatchObject({ generation: round + 2, names: expected });
  }
  ending.abort();
  await clients;
  expect(tally.unexpected).toEqual([]);
  expect(tally.expected).toBeGreaterThan(20);
  await untilPlugin(world, 'fields', { draining: 0 });
  const ends = world.logs.filter(({ cut }) => typeof cut === 'number');
  expect(ends.map(({ cut, leaked }) => [cut, leaked])).toEqual(Array.from({ length: 10 }, () => [0, []]));
});

test('a new generation that fails in its setup leaves the old one in service, and reload() rejects with the reason', async () => {
  const answer = await add('broken');
  expect(await answer.json()).toMatchObject({
    status: 503,
    code: 'PLUGIN_RELOAD_FAILED',
    detail: expect.stringContaining('the field broken cannot be served'),
  });
  expect(await served()).toEqual({ generation: 1, label: 'first', names: [] });
  // The plugin has taken the field back, so the next try finds nothing wrong.
  expect(await untilPlugin(world, 'fields', { reason: null })).toMatchObject({ state: 'active' });
  expect((await add('good')).status).toBe(200);
  expect((await served()).names).toEqual(['good']);
});

test('wishes at the same moment are one, and those of many requests few', async () => {
  expect((await world.request('POST', '/api/v1/fields/at-once')).status).toBe(200);
  expect(await served()).toMatchObject({ generation: 2, names: ['at-once'] });
  const names = Array.from({ length: 20 }, (_, number) => `field-${String(number).padStart(2, '0')}`);
  const answers = await Promise.all(names.map(add));
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  const { generation, names: found } = await served();
  expect(found).toEqual(['at-once', ...names]);
  expect(generation).toBeLessThan(2 + names.length);
});

test('a wish during a change of the configuration is fulfilled after it, with both in effect', async () => {
  const blocker = new Client(database.connection);
  await blocker.connect();
  try {
    await blocker.query('SELECT pg_advisory_lock(42)');
    await world.configure(configurationOf({ label: 'second', waits: true }));
    const waiting = async (): Promise<number | null> =>
      (await blocker.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted`))
        .rowCount;
    await expect.poll(waiting, patience).toBe(1);
    const adding = add('meanwhile');
    const isStored = async (): Promise<number | null> =>
      (await blocker.query('SELECT FROM plugin_fields.fields')).rowCount;
    await expect.poll(isStored, patience).toBe(1);
    await blocker.query('SELECT pg_advisory_unlock(42)');
    expect((await adding).status).toBe(200);
    expect(await served()).toEqual({ generation: 3, label: 'second', names: ['meanwhile'] });
  } finally {
    await blocker.end();
  }
});

test('setup that asks for a new generation of itself is refused at once, and what served goes on', async () => {
  await world.configure(configurationOf({ eager: true }));
  const refused = await untilPlugin(world, 'fields', {
    reason: expect.stringContaining('does not serve yet'),
  });
  expect(refused).toMatchObject({ state: 'active', generation: 1 });
  await world.configure(configurationOf());
  await untilPlugin(world, 'fields', { reason: null });
});

test('a request that a newer generation has overtaken may still ask for the one after it', async () => {
  const { code } = await late();
  await changePlugin(world, 'fields', 'reload');
  expect(await code()).toBe(null);
  expect(await served()).toMatchObject({ generation: 3, names: ['late'] });
});

test('a plugin that is switched off is refused a new generation', async () => {
  const { code } = await late();
  await changePlugin(world, 'fields', 'disable');
  expect(await code()).toBe('PLUGIN_RELOAD_REFUSED');
  await changePlugin(world, 'fields', 'enable');
  expect((await served()).names).toEqual(['late']);
});

test('an appliance that stops refuses a new generation', async () => {
  const { code } = await late();
  const stopping = world.appliance.stop('the test wants it');
  expect(await code()).toBe('PLUGIN_RELOAD_REFUSED');
  await stopping;
});

test('replicas follow, and a restart has nothing to follow', async () => {
  const other = await mkdtemp(join(tmpdir(), 'orchestrall-reload-'));
  await copyFile(join(folder, 'appliance.key'), join(other, 'appliance.key'));
  const replica = await start(other);
  try {
    expect((await add('shared')).status).toBe(200);
    await expect
      .poll(async () => served(replica), patience)
      .toEqual({ generation: 2, label: 'first', names: ['shared'] });
  } finally {
    await replica[Symbol.asyncDispose]();
    await rm(other, { recursive: true, force: true });
  }
  await world[Symbol.asyncDispose]();
  world = await start(folder);
  expect(await served()).toEqual({ generation: 1, label: 'first', names: ['shared'] });
  expect(await showPlugin(world, 'fields')).toMatchObject({ state: 'active', reason: null });
});
