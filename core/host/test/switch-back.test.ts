import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import type { Entry } from './fixtures/live/diary/routes/entries.ts';
import { liveFixtures } from './pack-fixture.ts';
import { changePlugin, untilPlugin } from './plugins-api.ts';

const configurationOf = (healthy: boolean) => ({ features: { diary: true }, diary: { healthy } });
let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance({ configuration: configurationOf(true), repository: liveFixtures });
});
afterAll(async () => world?.[Symbol.asyncDispose]());

/** Asks for an event and a job; resolves with what was noted so far. */
async function ask(): Promise<number> {
  const answer = await world.request('POST', '/api/v1/diary/entries');
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { readonly position: number }).position;
}

/** Who did something since, as `<what> <generation>`, each once. */
async function doneSince(from: number): Promise<string[]> {
  const answer = await world.request('GET', `/api/v1/diary/entries?from=${from}`);
  const { items } = (await answer.json()) as { readonly items: readonly Entry[] };
  return [...new Set(items.map(({ by, generation }) => `${by} ${generation}`))].toSorted();
}

test('a generation that comes back after an unhealthy one has its subscriptions, workers and timers again', async () => {
  const first = await ask();
  await expect
    .poll(() => doneSince(first), { timeout: 20_000 })
    .toEqual(['subscription 1', 'timer 1', 'worker 1']);
  await world.configure(configurationOf(false));
  const back = await untilPlugin(world, 'diary', {
    reason: expect.stringContaining('unhealthy after the switch'),
  });
  expect(back).toMatchObject({ state: 'active', generation: 1 });
  const from = await ask();
  // Meanwhile the unhealthy one is tried again and may take something itself: so it is asked for more than once.
  await expect
    .poll(
      async () => {
        await ask();
        return doneSince(from);
      },
      { timeout: 20_000 },
    )
    .toEqual(expect.arrayContaining(['subscription 1', 'timer 1', 'worker 1']));
  await world.configure(configurationOf(true));
  const { generation } = await untilPlugin(world, 'diary', { reason: null });
  await untilPlugin(world, 'diary', { draining: 0 });
  const settled = await ask();
  await expect
    .poll(() => doneSince(settled), { timeout: 20_000 })
    .toEqual([`subscription ${generation}`, `timer ${generation}`, `worker ${generation}`]);
  await changePlugin(world, 'diary', 'disable');
});
