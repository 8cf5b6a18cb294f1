import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { liveFixtures } from './pack-fixture.ts';
import { outcomeOf, showPlugin, untilPlugin } from './plugins-api.ts';
import { startApplianceProcess, type ApplianceProcess } from './start-process.ts';

let world: ApplianceProcess;
beforeAll(async () => {
  world = await startApplianceProcess({
    configuration: { features: { faulty: true, traffic: true } },
    repository: liveFixtures,
  });
});
afterAll(async () => world?.[Symbol.asyncDispose]());

let from = 0;
let neighbour: number | null = 0;
beforeEach(async () => {
  from = world.logs.length;
  neighbour = (await untilPlugin(world, 'traffic', { state: 'active' })).generation;
  await untilPlugin(world, 'faulty', { state: 'active' });
});

/** A log record of the test that holds the text anywhere. */
function logged(text: string): Readonly<Record<string, unknown>> | undefined {
  return world.logs.slice(from).find((record) => JSON.stringify(record).includes(text));
}

async function expectNeighbourUntouched(): Promise<void> {
  expect(world.exitCode).toBe(null);
  expect((await world.request('GET', '/api/v1/traffic/short')).status).toBe(200);
  expect((await showPlugin(world, 'traffic')).generation).toBe(neighbour);
  expect((await world.request('GET', '/health/ready')).status).toBe(200);
}

test('a handler that throws is answered with 500 and attributed to its plugin, which goes on serving', async () => {
  expect(await outcomeOf(world, '/api/v1/faulty/throws')).toEqual([500, 'INTERNAL_ERROR']);
  expect(logged('thrown in a handler')).toMatchObject({ plugin: 'faulty' });
  expect((await world.request('GET', '/api/v1/faulty/fine')).status).toBe(200);
  await expectNeighbourUntouched();
});

test.each([
  ['rejects-later', 'rejected and not handled', 'rejection'],
  ['throws-later', 'thrown in a timer of its own', 'exception'],
  ['throws-in-listener', 'thrown in a listener', 'exception'],
  ['throws-on-socket', 'thrown by a connection of the core', 'exception'],
])('what %s is attributed to the plugin, which fails, says why and comes back', async (path, text, kind) => {
  const { generation } = await showPlugin(world, 'faulty');
  expect((await world.request('GET', `/api/v1/faulty/${path}`)).status).toBe(200);
  const failed = await untilPlugin(world, 'faulty', { state: 'failed' });
  expect(failed).toMatchObject({ reason: expect.stringContaining(text), desired: 'on', generation: null });
  const refused = await world.request('GET', '/api/v1/faulty/fine');
  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ code: 'PLUGIN_FAILED' }),
  ]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  await expectNeighbourUntouched();
  expect(logged(`uncaught ${kind} in the plugin faulty`)).toMatchObject({ plugin: 'faulty', generation });
  const back = await untilPlugin(world, 'faulty', { state: 'active', reason: null });
  expect(back.generation).toBeGreaterThan(generation ?? 0);
  expect((await world.request('GET', '/api/v1/faulty/fine')).status).toBe(200);
});

test('a throw in a timer of the context is attributed and logged, and the plugin goes on', async () => {
  const features = { faulty: true, traffic: true };
  await world.configure({ features, faulty: { fault: 'context_timer_throws' } });
  await expect
    .poll(() => logged('thrown in a timer of the context'), { timeout: 20_000 })
    .toMatchObject({
      plugin: 'faulty',
    });
  expect((await world.request('GET', '/api/v1/faulty/fine')).status).toBe(200);
  expect(await showPlugin(world, 'faulty')).toMatchObject({ state: 'active' });
  await expectNeighbourUntouched();
});

describe('what listens to a signal of the context and throws', () => {
  test('at the end of a generation is attributed, and the plugin is switched off all the same', async () => {
    const features = { faulty: true, traffic: true };
    const { generation } = await showPlugin(world, 'faulty');
    await world.configure({ features, faulty: { fault: 'end_listener_throws' } });
    await expect
      .poll(async () => (await showPlugin(world, 'faulty')).generation, { timeout: 20_000 })
      .toBeGreaterThan(generation ?? 0);
    await world.configure({ features: { faulty: false, traffic: true } });
    await expect
      .poll(() => logged('thrown at the end of the generation'), { timeout: 20_000 })
      .toMatchObject({
        message: 'uncaught exception in the plugin faulty',
      });
    expect(await untilPlugin(world, 'faulty', { state: 'off' })).toMatchObject({ desired: 'off' });
    await expectNeighbourUntouched();
    await world.configure({ features });
    await untilPlugin(world, 'faulty', { state: 'active' });
  });

  test('at the end of a job that the system API cancels is attributed', async () => {
    const started = await world.request('POST', '/api/v1/faulty/jobs');
    const { id } = (await started.json()) as { id: string };
    await expect
      .poll(async () => (await world.request('GET', `/api/v1/system/jobs/${id}`)).json(), { timeout: 20_000 })
      .toMatchObject({ status: 'running' });
    await world.request('POST', `/api/v1/system/jobs/${id}/cancel`);
    await expect
      .poll(() => logged('thrown at the end of a job'), { timeout: 20_000 })
      .toMatchObject({ plugin: 'faulty' });
    await expectNeighbourUntouched();
  });

  test('at the end of a stream whose reader has gone is attributed', async () => {
    const opened = await world.request('GET', '/api/v1/faulty/ticks');
    expect(opened.status).toBe(200);
    await opened.body?.cancel();
    await expect
      .poll(() => logged('thrown at the end of a stream'), { timeout: 20_000 })
      .toMatchObject({ plugin: 'faulty' });
    await expectNeighbourUntouched();
  });
});
