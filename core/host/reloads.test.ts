import { expect, test } from 'vitest';
import { Reloads } from './reloads.ts';
import { world } from './test/fake-generations.ts';
import { FakeStore } from './test/fake-store.ts';

/** CRM in service, asked by the test for new generations. */
async function serving() {
  const store = new FakeStore();
  const given = world(undefined, async (slot, build) => reloads.build(slot, build));
  const { reconciler, want, quiet, crm } = given;
  const reloads = new Reloads({ store, reconciler, log: { info() {} } });
  want('crm', true);
  await quiet();
  return { ...given, store, ask: async () => reloads.ask(crm, 'a field was added') };
}

test('a wish that cannot be stored is refused with the error, and nothing follows of it', async () => {
  const { ask, store, quiet, crm } = await serving();
  store.failing = true;
  await expect(ask()).rejects.toThrow('the database is away');
  store.failing = false;
  await quiet();
  expect([crm.generations, crm.record.reloads]).toEqual([1, 0]);
});

test('wishes during a build are fulfilled by one more, and that build serves the wish before it', async () => {
  const { ask, quiet, builds, crm, journal } = await serving();
  const outcomes = [ask()];
  await expect.poll(() => builds.length).toBe(1);
  outcomes.push(ask(), ask(), ask());
  // As long as storing would take, were it begun.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await quiet();
  await Promise.all(outcomes);
  expect([crm.generations, crm.record.reloads]).toEqual([3, 2]);
  expect(journal.filter((line) => line.endsWith(' on'))).toHaveLength(3);
});

test('a plugin that is switched off before the new generation serves is refused it', async () => {
  const { ask, quiet, builds, want } = await serving();
  const refused = expect(ask()).rejects.toMatchObject({ code: 'PLUGIN_RELOAD_REFUSED' });
  await expect.poll(() => builds.length).toBe(1);
  want('crm', false);
  await quiet();
  await refused;
});
