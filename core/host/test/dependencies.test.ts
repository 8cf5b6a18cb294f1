import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { liveFixtures } from './pack-fixture.ts';
import { changePlugin, outcomeOf, showPlugin, untilPlugin } from './plugins-api.ts';

const features = { lender: true, borrower: true, guest: true };
let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance({ configuration: { features }, repository: liveFixtures });
});
afterAll(async () => world?.[Symbol.asyncDispose]());

/** Plugins in the order in which the log says that of them. */
function logged(from: number, ending: string): unknown[] {
  return world.logs
    .slice(from)
    .filter(({ logger, message }) => logger === 'core.host' && String(message).endsWith(ending))
    .map(({ plugin }) => plugin);
}

test('consumers go off before their provider and come back after it', async () => {
  const from = world.logs.length;
  expect((await changePlugin(world, 'lender', 'disable')).state).toBe('off');
  expect(await showPlugin(world, 'borrower')).toMatchObject({
    state: 'off',
    desired: 'on',
    reason: expect.stringContaining('lender'),
  });
  expect(await outcomeOf(world, '/api/v1/borrower/loans')).toEqual([404, 'PLUGIN_DISABLED']);
  expect(logged(from, 'is off')).toEqual(['borrower', 'lender']);
  await changePlugin(world, 'lender', 'enable');
  await untilPlugin(world, 'borrower', { state: 'active', reason: null });
  expect(logged(from, 'is active')).toEqual(['lender', 'borrower']);
  expect((await world.request('GET', '/api/v1/borrower/loans')).status).toBe(200);
});

test('an optional need is undefined while its provider is off, and follows it when it is on', async () => {
  const loan = async (): Promise<unknown> => (await world.request('GET', '/api/v1/guest/loan')).json();
  await changePlugin(world, 'lender', 'disable');
  expect(await loan()).toEqual({ loan: null });
  const { generation } = await changePlugin(world, 'lender', 'enable');
  expect(await loan()).toEqual({ loan: `lent by generation ${generation}` });
  await untilPlugin(world, 'borrower', { state: 'active' });
});

test('a consumer keeps its provider through a reload without being switched itself', async () => {
  const before = await showPlugin(world, 'borrower');
  const { generation } = await changePlugin(world, 'lender', 'reload');
  const answer = await world.request('GET', '/api/v1/borrower/loans');
  expect(await answer.json()).toEqual({
    loans: [`lent by generation ${generation}`, `lent by generation ${generation}`],
  });
  expect((await showPlugin(world, 'borrower')).generation).toBe(before.generation);
});

test('a request that is in flight in a consumer still reaches a provider that is being switched off', async () => {
  const { generation } = await showPlugin(world, 'lender');
  const lends = `lent by generation ${generation}`;
  const slow = world.request('GET', '/api/v1/borrower/loans?ms=700');
  await expect.poll(async () => (await fetch(`${world.url}/api/v1/guest/loan`)).status).toBe(200);
  await changePlugin(world, 'lender', 'disable');
  expect(await outcomeOf(world, '/api/v1/borrower/loans')).toEqual([404, 'PLUGIN_DISABLED']);
  const answer = await slow;
  expect([answer.status, await answer.json()]).toEqual([200, { loans: [lends, lends] }]);
  await untilPlugin(world, 'lender', { draining: 0 });
  await changePlugin(world, 'lender', 'enable');
  await untilPlugin(world, 'borrower', { state: 'active' });
});

test('of thirty calls at once each is answered with what it asked for or told what took its place; the last one stands', async () => {
  const path = '/api/v1/system/plugins/guest';
  for (const last of ['disable', 'enable'] as const) {
    const first = last === 'disable' ? 'enable' : 'disable';
    const calls = Array.from({ length: 30 }, async (_none, call) => {
      const verb = call % 2 === 0 ? first : last;
      const answer = await world.request('POST', `${path}/${verb}`);
      return { verb, status: answer.status, body: (await answer.json()) as object };
    });
    const answers = await Promise.all(calls);
    for (const { verb, status, body } of answers) {
      const [asked, other] = verb === 'enable' ? ['on', 'off'] : ['off', 'on'];
      expect([status, body]).toEqual([
        status === 200 ? 200 : 409,
        status === 200
          ? expect.objectContaining({ desired: asked, state: asked === 'on' ? 'active' : 'off' })
          : expect.objectContaining({
              code: 'CHANGE_SUPERSEDED',
              details: expect.objectContaining({ desired: other }),
            }),
      ]);
    }
    // Whichever was stored last has come into effect.
    expect(answers.map(({ status }) => status)).toContain(200);
    // Calls over several connections have no order among themselves; this one comes after all of them.
    const ended = await changePlugin(world, 'guest', last);
    expect(ended).toMatchObject(
      last === 'enable' ? { state: 'active', desired: 'on' } : { state: 'off', desired: 'off' },
    );
    expect((await world.request('GET', '/api/v1/guest/loan')).status).toBe(last === 'enable' ? 200 : 404);
  }
  await untilPlugin(world, 'guest', { draining: 0 });
});

test('a cycle of needs is named as a path, and the appliance serves, degraded', async () => {
  await using tangled = await createTestAppliance({
    configuration: { features: { cycle_one: true, cycle_two: true } },
    repository: join(import.meta.dirname, 'fixtures'),
  });
  for (const name of ['cycle-one', 'cycle-two']) {
    expect(await showPlugin(tangled, name)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(
        /cycle-one -> cycle-two -> cycle-one|cycle-two -> cycle-one -> cycle-two/,
      ),
    });
  }
  const health = await tangled.request('GET', '/health');
  expect([health.status, await health.json()]).toEqual([
    200,
    expect.objectContaining({ status: 'degraded' }),
  ]);
});

test('of two plugins that claim one prefix neither takes it from the one that serves', async () => {
  await using clashing = await createTestAppliance({
    configuration: {
      features: { guest: true, clashing: false },
      plugins: { paths: [join(import.meta.dirname, 'fixtures', 'clashing')] },
    },
    repository: liveFixtures,
  });
  const asked = await changePlugin(clashing, 'clashing', 'enable');
  expect(asked).toMatchObject({ state: 'failed', reason: expect.stringContaining('/api/v1/guest') });
  expect(asked.reason).toContain('guest');
  expect((await clashing.request('GET', '/api/v1/guest/loan')).status).toBe(200);
});
