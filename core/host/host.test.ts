import { definePlugin } from '@orchestrall/sdk';
import { afterAll, expect, test } from 'vitest';
import { emptyRecord } from './desired.ts';
import { ServiceHub } from './generation/services.ts';
import { LeakTracker } from './generation/leaks.ts';
import { Host } from './host.ts';
import type { AvailablePlugin } from './packages/discover.ts';
import { describePlugin } from './packages/manifest/document.ts';
import { remember } from './remember.ts';
import { Slot } from './slot.ts';
import { FakeStore } from './test/fake-store.ts';

const leaks = new LeakTracker({ recordStacks: false });
afterAll(() => leaks[Symbol.dispose]());

function available(version: string): AvailablePlugin {
  return {
    manifest: describePlugin(definePlugin({ name: 'crm', version, engine: '*', setup() {} })),
    origin: { kind: 'source', path: '/' },
    fingerprint: version,
    load: async () => Promise.reject(new Error('a fake is not loaded')),
  };
}

/** A host whose only plugin is off, so that nothing is ever built. */
async function hostOf(store: FakeStore): Promise<Host> {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const host = new Host({
    get rooms(): never {
      throw new TypeError('nothing is built');
    },
    services: new ServiceHub(),
    leaks,
    store,
    fetch: globalThis.fetch,
    setupLimitMs: 1_000,
    log: quiet,
    clock: { now: () => new Date(0), monotonicMs: () => 0 },
    events: { activated() {}, deactivated() {}, failed() {}, drained() {} },
    engineVersion: '1.0.0',
    publish: () => {},
    drainDeadlineMs: 1,
    retryMs: 1_000,
  });
  await host.load();
  host.offer([available('1.1.0'), available('1.0.0')]);
  host.apply(new Map());
  return host;
}

test('a rollback that cannot be recorded is refused and does not come into effect later', async () => {
  const store = new FakeStore();
  store.records.set('crm', { ...emptyRecord('crm'), servedVersion: '1.1.0', previousVersion: '1.0.0' });
  const host = await hostOf(store);
  store.failing = true;
  await expect(host.rollback('crm')).rejects.toThrow('the database is away');
  host.apply(new Map());
  expect(host.get('crm').version).toBe('1.1.0');
  store.failing = false;
  await host.rollback('crm');
  expect(host.get('crm').version).toBe('1.0.0');
  expect(store.records.get('crm')?.hold).toEqual({ version: '1.0.0', above: '1.1.0' });
});

test('what is remembered of a plugin at the same time is all remembered', async () => {
  const store = new FakeStore();
  const slot = new Slot('crm', new Date(0));
  await Promise.all([
    remember(store, slot, () => ({ servedVersion: '1.1.0' })),
    remember(store, slot, () => ({ highestVersion: '1.1.0' })),
  ]);
  expect(store.records.get('crm')).toMatchObject({ servedVersion: '1.1.0', highestVersion: '1.1.0' });
  expect(slot.record).toEqual(store.records.get('crm'));
});

test('what a replica remembers that has not heard of a rollback yet leaves its hold', async () => {
  const store = new FakeStore();
  const [here, there] = [new Slot('crm', new Date(0)), new Slot('crm', new Date(0))];
  const hold = { version: '1.0.0', above: '1.1.0' };
  await remember(store, here, () => ({ hold }));
  await remember(store, there, () => ({ servedVersion: '1.1.0' }));
  expect(store.records.get('crm')).toMatchObject({ hold, servedVersion: '1.1.0' });
  expect(there.record.hold).toEqual(hold);
});
