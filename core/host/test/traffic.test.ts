import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { runClient } from './load/clients.ts';
import { Gate } from './load/gate.ts';
import { echoMessages, readEvents } from './load/readers.ts';
import { Tally } from './load/tally.ts';
import { liveFixtures, packFixture } from './pack-fixture.ts';
import { changePlugin, untilPlugin } from './plugins-api.ts';
import type { PluginView } from '../view.ts';

let packs: string;
let world: TestAppliance;

beforeEach(async () => {
  packs = await mkdtemp(join(tmpdir(), 'orchestrall-packs-'));
});
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  await rm(packs, { recursive: true, force: true });
});

const configurationOf = (on: boolean, drainSeconds = 30) => ({
  features: { traffic: on },
  plugins: { paths: [packs], drain_timeout: drainSeconds },
});

async function* halves(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(40_000);
  await pause(300);
  yield Buffer.alloc(40_000);
}

/** Everything a plugin may have in flight, from several clients at once. */
function startTraffic(tally: Tally, signal: AbortSignal): Promise<unknown> {
  const base = `${world.url}/api/v1/traffic`;
  const client = (kind: string, everyMs: number, path: string): Promise<void> =>
    runClient({ tally, kind, everyMs, signal, asking: () => ({ url: `${base}${path}` }) });
  const upload = runClient({
    tally,
    kind: 'upload',
    everyMs: 0,
    signal,
    asking: () => ({
      url: `${base}/uploads`,
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: halves,
    }),
  });
  return Promise.all([
    ...Array.from({ length: 6 }, () => client('short', 15, '/short')),
    ...Array.from({ length: 3 }, () => client('slow', 0, '/slow?ms=1500')),
    upload,
    readEvents({ tally, url: `${base}/ticks`, signal }),
    readEvents({ tally, url: `${base}/ticks`, signal }),
    echoMessages({ tally, url: `${base}/echo`, signal }),
  ]);
}

async function change(verb: Parameters<typeof changePlugin>[2]): Promise<PluginView> {
  const plugin = await changePlugin(world, 'traffic', verb);
  expect(plugin.reason).toBe(null);
  return plugin;
}

/** An edit is in effect once the API shows it. */
async function edit(on: boolean): Promise<void> {
  await world.configure(configurationOf(on));
  await untilPlugin(world, 'traffic', { state: on ? 'active' : 'off' });
}

test('no request fails while a plugin is reloaded, upgraded, rolled back and switched off and on', async () => {
  world = await createTestAppliance({ configuration: configurationOf(true), repository: liveFixtures });
  await packFixture({ name: 'traffic', version: '1.1.0', into: packs });
  expect((await change('reload')).version).toBe('1.1.0');
  const gate = new Gate();
  const tally = new Tally(gate);
  const ending = new AbortController();
  const traffic = startTraffic(tally, ending.signal);
  let swaps = 0;
  for (let round = 0; round < 10; round += 1) {
    await change('reload');
    expect((await change('rollback')).version).toBe(round % 2 === 0 ? '1.0.0' : '1.1.0');
    gate.close();
    await change('disable');
    await pause(30);
    await change('enable');
    gate.open();
    gate.close();
    await edit(false);
    await edit(true);
    gate.open();
    swaps += 6;
    await pause(100);
  }
  ending.abort();
  await traffic;
  expect([tally.unexpected, tally.misplaced]).toEqual([[], []]);
  expect(tally.expected).toBeGreaterThan(300);
  expect(tally.disabled).toBeGreaterThan(0);
  expect(tally.resumed).toBeGreaterThan(swaps);
  await untilPlugin(world, 'traffic', { draining: 0 });
  const ended = world.logs.filter(({ cut }) => typeof cut === 'number');
  expect(ended.length).toBeGreaterThanOrEqual(swaps / 2);
  expect(ended.filter(({ cut, leaked }) => cut !== 0 || String(leaked) !== '')).toEqual([]);
});

test('what outlives the drain deadline is cut, and the log says how much of what it was', async () => {
  world = await createTestAppliance({ configuration: configurationOf(true, 0), repository: liveFixtures });
  const slow = fetch(`${world.url}/api/v1/traffic/slow?ms=30000`);
  const refused = expect(slow).rejects.toThrow();
  await expect.poll(async () => (await fetch(`${world.url}/api/v1/traffic/short`)).status).toBe(200);
  await change('reload');
  await refused;
  await expect.poll(() => world.logs.filter(({ cut }) => cut === 1).length, { timeout: 20_000 }).toBe(1);
  expect(world.logs.find(({ cut }) => cut === 1)).toMatchObject({
    level: 'WARNING',
    outlived: { request: 1 },
  });
  expect((await fetch(`${world.url}/api/v1/traffic/short`)).status).toBe(200);
});
