import { expect, test } from 'vitest';
import { runSync } from '../../sync/run.ts';
import { createMemoryStore } from './memory-store.ts';
import type { MemoryStore } from './memory-store.ts';
import { startHarness } from './support.ts';
import type { Harness } from './support.ts';
import { partsOf, plansOf } from './sync-support.ts';

class Crash extends Error {}

/** What a store holds, without the ids that each run makes anew. */
function contentOf(store: MemoryStore): unknown {
  const names = new Map([...store.tables.links.values()].map((link) => [link.localId, link.externalId]));
  const records = [...store.tables.records.values()].map(({ id, fields }) => [
    names.get(id),
    Object.entries(fields).map(([name, value]) => [name, names.get(String(value)) ?? value]),
  ]);
  return records.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

async function filled(): Promise<Harness> {
  const harness = await startHarness();
  const { org } = harness;
  harness.standIn.bulk.partRows = 250;
  const accounts = Array.from({ length: 450 }, (_, index) => org.create('Account', { Name: `a${index}` }).id);
  for (const [index, id] of accounts.entries()) {
    org.update('Account', id, { ParentId: accounts[(index * 7) % 450] ?? null });
    if (index % 3 === 0) org.create('Contact', { LastName: `c${index}`, AccountId: id });
  }
  org.advance(5_000);
  return harness;
}

test.each(['before', 'after'] as const)(
  'a load cut off %s any of its commits ends the same',
  async (when) => {
    await using harness = await filled();
    const plans = (await plansOf(harness.transport(), {})).slice(0, 2);
    const whole = createMemoryStore();
    let commits = 0;
    whole.crash = (at) => void (at === when && (commits += 1));
    await runSync(partsOf(harness.source(), whole), plans);
    const expected = contentOf(whole);
    expect(whole.all('companies')).toHaveLength(450);
    for (let crashAt = 1; crashAt <= commits; crashAt += 1) {
      const store = createMemoryStore();
      let count = 0;
      store.crash = (at) => {
        if (at === when) count += 1;
        if (at === when && count === crashAt) throw new Crash();
      };
      const run = async () => runSync(partsOf(harness.source(), store), plans);
      await expect(run()).rejects.toThrow(Crash);
      expect(await run()).toEqual([]);
      expect(contentOf(store), `crash at commit ${crashAt}`).toEqual(expected);
    }
  },
);

test('a resumed load goes on with its job, and reads no part again that is in', async () => {
  await using harness = await filled();
  const [plan] = await plansOf(harness.transport(), {});
  if (plan === undefined) throw new Error('no plan');
  const store = createMemoryStore();
  let count = 0;
  store.crash = () => {
    count += 1;
    if (count === 11) throw new Crash();
  };
  const run = async () => runSync(partsOf(harness.source(), store), [plan]);
  await expect(run()).rejects.toThrow(Crash);
  const before = harness.standIn.requests.length;
  await run();
  const requests = harness.standIn.requests.slice(before);
  expect(requests).not.toContain('POST /services/data/v62.0/jobs/query');
  expect(harness.standIn.bulk.jobs.size).toBe(0);
  expect(store.all('companies')).toHaveLength(450);
});

test('a load whose job failed or is gone says so, and begins anew at the next run', async () => {
  await using harness = await filled();
  const [plan] = await plansOf(harness.transport(), {});
  if (plan === undefined) throw new Error('no plan');
  const store = createMemoryStore();
  const run = async () => runSync(partsOf(harness.source(), store), [plan]);
  harness.standIn.bulk.ends = 'Failed';
  expect(await run()).toMatchObject([
    {
      object: 'Account',
      error: { code: 'SALESFORCE_JOB_FAILED', message: expect.stringContaining('InvalidBatch') },
    },
  ]);
  harness.standIn.bulk.ends = 'JobComplete';
  let count = 0;
  store.crash = () => {
    count += 1;
    if (count === 6) throw new Crash();
  };
  await expect(run()).rejects.toThrow(Crash);
  harness.standIn.bulk.jobs.clear();
  expect(await run()).toMatchObject([{ error: { message: expect.stringContaining('no longer there') } }]);
  expect(await run()).toEqual([]);
  expect(store.all('companies')).toHaveLength(450);
});

test('a stop ends a run at once, and the next one goes on', async () => {
  await using harness = await filled();
  const plans = (await plansOf(harness.transport(), {})).slice(0, 2);
  const store = createMemoryStore();
  const stop = new AbortController();
  store.crash = (when) => {
    if (when === 'after' && store.all('companies').length > 200) stop.abort(new Error('stopped'));
  };
  const parts = partsOf(harness.source(), store);
  await expect(runSync({ ...parts, signal: stop.signal }, plans)).rejects.toThrow('stopped');
  expect(store.all('contacts')).toEqual([]);
  expect(await runSync(parts, plans)).toEqual([]);
  expect(store.all('contacts')).toHaveLength(150);
});
