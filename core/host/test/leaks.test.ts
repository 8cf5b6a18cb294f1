import { kill } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestAppliance, type TestAppliance } from '../../testing/appliance.ts';
import { liveFixtures } from './pack-fixture.ts';
import { changePlugin, showPlugin, untilPlugin } from './plugins-api.ts';

let world: TestAppliance;
beforeAll(async () => {
  world = await createTestAppliance({
    configuration: { features: { leaky: true }, leaky: { leaves: 'interval' } },
    repository: liveFixtures,
  });
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  process.removeAllListeners('SIGUSR2');
});

interface Page {
  readonly items: readonly { readonly data: { readonly generation: number; readonly leaked: string[] } }[];
}

/** Brings up a generation that leaves these behind and ends it; what the log says of it. */
async function leavingBehind(leaves: string): Promise<{ generation: number; leaked: string[] }> {
  const before = await showPlugin(world, 'leaky');
  await world.configure({ features: { leaky: true }, leaky: { leaves } });
  await expect.poll(async () => (await showPlugin(world, 'leaky')).generation).not.toBe(before.generation);
  const { generation } = await untilPlugin(world, 'leaky', { state: 'active' });
  await changePlugin(world, 'leaky', 'disable');
  await untilPlugin(world, 'leaky', { state: 'off', draining: 0 });
  await changePlugin(world, 'leaky', 'enable');
  const ended = world.logs.find(
    (line) =>
      line['plugin'] === 'leaky' && line['generation'] === generation && Array.isArray(line['leaked']),
  );
  return { generation: generation ?? 0, leaked: ended?.['leaked'] as string[] };
}

test('what a plugin obtained through the context, or gave back to it, leaves nothing', async () => {
  expect((await leavingBehind('nothing')).leaked).toEqual([]);
});

test.each([
  ['interval', /^Timeout .*leaky\/plugin\.ts/],
  ['server', /^TCPSERVERWRAP/],
  ['listener', /^listener process:SIGUSR2/],
  ['child', /^PROCESSWRAP .*leaky\/plugin\.ts/],
])('%s left behind is named in the log and in the event plugin.stopped', async (leaves, name) => {
  const { generation, leaked } = await leavingBehind(leaves);
  expect(leaked).toContainEqual(expect.stringMatching(name));
  expect(leaked.filter((leak) => !name.test(leak) && !leak.startsWith('SIGNALWRAP'))).toEqual([]);
  await expect
    .poll(async () => {
      const answer = await world.request('GET', '/api/v1/system/events?pattern=plugin.stopped&limit=100');
      const { items } = (await answer.json()) as Page;
      return items.find(({ data }) => data.generation === generation)?.data.leaked;
    })
    .toEqual(leaked);
  for (const { child } of world.logs as readonly { readonly child?: number }[]) {
    if (child !== undefined) kill(child, 'SIGKILL');
  }
});

test('effects are undone newest first, each before the next', async () => {
  const before = world.logs.length;
  await changePlugin(world, 'leaky', 'reload');
  await untilPlugin(world, 'leaky', { draining: 0 });
  const undone = world.logs.slice(before).flatMap(({ undone: name }) => name ?? []);
  expect(undone).toEqual(['third', 'second', 'first']);
});
