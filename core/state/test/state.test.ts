import type { Log, State } from '@orchestrall/sdk';
import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { createState } from '../state.ts';
import type { StateEngine } from '../state.ts';
import { sweepState } from '../store.ts';

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const clock = { now: () => new Date(), monotonicMs: () => performance.now() };

function owner(plugin: string, generation = 1): Owner {
  return { plugin, version: '1.0.0', generation, run: (_kind, work) => work() };
}

async function increment(state: State): Promise<void> {
  for (;;) {
    const entry = await state.get<number>('count');
    try {
      await state.put('count', (entry?.value ?? 0) + 1, { ifVersion: entry?.version ?? 0 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'STATE_CONFLICT')) throw error;
    }
  }
}

async function increment25(state: State): Promise<void> {
  for (let step = 0; step < 25; step += 1) await increment(state);
}

describeOnServers('state', (server) => {
  let store: TestDatabase;
  let database: DatabaseEngine;
  const engines: StateEngine[] = [];
  let crm: State;
  let second: State;

  async function engine(): Promise<StateEngine> {
    const started = createState({ database: await store.open(), clock, log: silent });
    await started.start();
    engines.push(started);
    return started;
  }

  beforeAll(async () => {
    const folder = fileURLToPath(new URL('../migrations', import.meta.url));
    const migrations = [{ owner: 'core/state', migrations: await readMigrations(folder, 'core/state') }];
    store = await testDatabase({ server, plugins: ['crm'], migrations });
    database = await store.open();
    crm = (await engine()).forPlugin(owner('crm')).api;
    second = (await engine()).forPlugin(owner('crm')).api;
  });
  afterAll(async () => {
    for (const one of engines) await one[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test('a document is put, read, replaced and deleted, and its version grows by one with each write', async () => {
    expect(await crm.get('a')).toBeUndefined();
    expect(await crm.put('a', { n: 1 })).toMatchObject({ key: 'a', value: { n: 1 }, version: 1 });
    expect(await crm.put('a', [2])).toMatchObject({ version: 2 });
    expect(await second.get('a')).toMatchObject({ value: [2], version: 2, updatedAt: expect.any(Date) });
    expect(await crm.delete('a')).toBe(true);
    expect(await crm.delete('a')).toBe(false);
    expect(await second.get('a')).toBeUndefined();
    expect(await crm.put('null', null)).toMatchObject({ value: null, version: 1 });
    expect(await crm.get('null')).toMatchObject({ value: null });
  });

  test('put() with ifVersion refuses every other version, also one of before a deletion', async () => {
    await crm.put('cas', 1, { ifVersion: 0 });
    await expect(crm.put('cas', 2, { ifVersion: 0 })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { version: 1, expected: 0 },
    });
    expect(await crm.put('cas', 2, { ifVersion: 1 })).toMatchObject({ version: 2 });
    await expect(crm.put('missing', 1, { ifVersion: 1 })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(crm.delete('cas', { ifVersion: 1 })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await crm.delete('cas', { ifVersion: 2 })).toBe(true);
    const again = await crm.put('cas', 'new', { ifVersion: 0 });
    expect(again.version).toBeGreaterThan(2);
    await expect(crm.put('cas', 'late', { ifVersion: 1 })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  test('of 50 racing writers with one version exactly one wins, on two replicas', async () => {
    const { version } = await crm.put('race', 'start');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? crm : second).put('race', index, { ifVersion: version }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    const created = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? crm : second).put('born', index, { ifVersion: 0 }),
      ),
    );
    expect(created.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  test('100 increments by compare-and-set from two replicas are all counted', async () => {
    await crm.put('count', 0);
    await Promise.all([crm, crm, second, second].map((state) => increment25(state)));
    expect(await crm.get('count')).toMatchObject({ value: 100, version: 101 });
  });

  type Model = Map<string, { value: number; version: number }>;

  test('any sequence of writes, conditional writes and deletions leaves what a map would hold', async () => {
    const key = fc.constantFrom('x', 'y', 'z');
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('put' as const),
        key,
        value: fc.integer(),
        offset: fc.constantFrom(undefined, 0, -1, 1),
      }),
      fc.record({ kind: fc.constant('delete' as const), key, offset: fc.constantFrom(undefined, 0, -1, 1) }),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        round += 1;
        const model: Model = new Map();
        const newest = new Map<string, number>();
        for (const one of steps) {
          const name = `model/${round}/${one.key}`;
          const current = model.get(one.key)?.version ?? 0;
          const ifVersion = one.offset === undefined ? undefined : Math.max(0, current + one.offset);
          const allowed = ifVersion === undefined || ifVersion === current;
          const options = ifVersion === undefined ? {} : { ifVersion };
          const call = one.kind === 'put' ? crm.put(name, one.value, options) : crm.delete(name, options);
          const outcome = await call.then(
            (result) => ({ result }),
            (error: unknown) => ({ error }),
          );
          if (!allowed && !(one.kind === 'delete' && ifVersion === 0)) {
            expect(outcome).toMatchObject({ error: { code: 'STATE_CONFLICT' } });
          } else if (one.kind === 'put') {
            const version = (newest.get(one.key) ?? 0) + 1;
            expect(outcome).toMatchObject({ result: { value: one.value, version } });
            newest.set(one.key, version);
            model.set(one.key, { value: one.value, version });
          } else {
            expect(outcome).toEqual({ result: allowed && current > 0 });
            if (allowed && current > 0) {
              newest.set(one.key, current + 1);
              model.delete(one.key);
            }
          }
        }
        const listed = await second.list<number>(`model/${round}/`);
        expect(listed.map((entry) => [entry.key.slice(-1), entry.value, entry.version])).toEqual(
          [...model]
            .toSorted(([one], [other]) => (one < other ? -1 : 1))
            .map(([name, entry]) => [name, entry.value, entry.version]),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('list() gives one prefix by key in pages, and nothing of other plugins', async () => {
    const other = engines[0]?.forPlugin(owner('other')).api;
    await other?.put('page/0', 'theirs');
    for (const key of ['page/b', 'page/a', 'page/ä', 'page/c', 'page', 'pagf']) await crm.put(key, key);
    const keys = async (options?: { after?: string; limit?: number }) =>
      (await crm.list('page/', options)).map((entry) => entry.key);
    expect(await keys()).toEqual(['page/a', 'page/b', 'page/c', 'page/ä']);
    expect(await keys({ limit: 2 })).toEqual(['page/a', 'page/b']);
    expect(await keys({ limit: 2, after: 'page/b' })).toEqual(['page/c', 'page/ä']);
    await expect(crm.list('', { limit: 1001 })).rejects.toThrow('limit');
  });

  test('an expired document is invisible at once, to compare-and-set as well, before it is swept', async () => {
    await crm.put('short', 1, { ttlMs: 1 });
    await expect.poll(() => crm.get('short')).toBeUndefined();
    expect(await crm.list('short')).toEqual([]);
    await expect(crm.put('short', 2, { ifVersion: 1 })).rejects.toMatchObject({ details: { version: 0 } });
    expect(await crm.put('short', 2, { ifVersion: 0, ttlMs: 3_600_000 })).toMatchObject({ version: 2 });
    await crm.put('swept', 1, { ttlMs: 1 });
    await expect.poll(() => crm.get('swept')).toBeUndefined();
    await sweepState(database.core());
    const rows = await database
      .core()
      .query(`select value from core.state where plugin = 'crm' and key = 'swept'`);
    expect(rows).toEqual([{ value: null }]);
    expect(await crm.get('short')).toMatchObject({ value: 2 });
  });

  test('a watch tells each replica of changes below its prefix, deletions and expiry included', async () => {
    await crm.put('watch/before', 1);
    const told: string[][] = [[], []];
    const registrations: Registration<State>[] = [];
    for (const [index, one] of engines.entries()) {
      const registration = one.forPlugin(owner('crm', 2));
      registration.api.watch('watch/', (key, entry) =>
        told[index]?.push(`${key}=${JSON.stringify(entry?.value)}`),
      );
      await registration.prepare();
      registration.activate();
      registrations.push(registration);
    }
    await second.put('elsewhere', 1);
    await crm.put('watch/a', 1);
    for (const list of told) await expect.poll(() => list).toEqual(['watch/a=1']);
    await second.put('watch/a', 2);
    for (const list of told) await expect.poll(() => list.at(-1)).toBe('watch/a=2');
    await crm.delete('watch/a');
    for (const list of told) await expect.poll(() => list.at(-1)).toBe('watch/a=undefined');
    await crm.put('watch/t', 3, { ttlMs: 1 });
    await expect.poll(() => crm.get('watch/t')).toBeUndefined();
    await sweepState(database.core());
    for (const list of told) await expect.poll(() => list.at(-1)).toBe('watch/t=undefined');
    await registrations[0]?.[Symbol.asyncDispose]();
    await crm.put('watch/last', 4);
    await expect.poll(() => told[1]?.at(-1)).toBe('watch/last=4');
    expect(told[0]?.at(-1)).toBe('watch/t=undefined');
    await registrations[1]?.[Symbol.asyncDispose]();
  });

  test('what changed while the connection that listens was lost is told after it has come back', async () => {
    const told: string[] = [];
    const registration = engines[0]?.forPlugin(owner('crm', 3));
    registration?.api.watch('lost/', (key, entry) => told.push(`${key}=${JSON.stringify(entry?.value)}`));
    await registration?.prepare();
    registration?.activate();
    await crm.put('lost/a', 1);
    await expect.poll(() => told).toEqual(['lost/a=1']);
    // The listeners of all engines are cut, then a change is made before they can be back.
    await store.cutConnections('orchestrall listen');
    await crm.put('lost/b', 2);
    await crm.delete('lost/a');
    await expect
      .poll(() => told.toSorted(), { timeout: 20_000 })
      .toEqual(['lost/a=1', 'lost/a=undefined', 'lost/b=2']);
    await registration?.[Symbol.asyncDispose]();
  });

  test('forget() drops a cached value on every replica', async () => {
    let loads = 0;
    const load = async () => {
      loads += 1;
      return loads;
    };
    expect(await crm.cached('c', 60_000, load)).toBe(1);
    expect(await second.cached('c', 60_000, load)).toBe(2);
    expect(await crm.cached('c', 60_000, load)).toBe(1);
    await second.forget('c');
    expect(await second.cached('c', 60_000, load)).toBe(3);
    await expect.poll(() => crm.cached('c', 60_000, load)).toBe(4);
  });

  test.each([
    ['', 1, 'STATE_KEY_INVALID'],
    ['x'.repeat(513), 1, 'STATE_KEY_INVALID'],
    ['nul\0', 1, 'STATE_KEY_INVALID'],
    ['half\ud800', 1, 'STATE_KEY_INVALID'],
    ['ok', undefined, 'STATE_VALUE_INVALID'],
    ['ok', 'x'.repeat(1_048_577), 'STATE_VALUE_INVALID'],
    ['ok', 'nul\0', 'STATE_VALUE_INVALID'],
  ])('put(%j, ...) is refused with its code', async (key, value, code) => {
    await expect(crm.put(key, value)).rejects.toMatchObject({ code });
  });

  test('keys of 512 four-byte characters and odd letters come back as they were', async () => {
    for (const key of ['😀'.repeat(256), ' a b ', '%_\\', '"', 'a/b']) {
      await crm.put(key, key);
      expect(await crm.get(key)).toMatchObject({ key, value: key });
      expect(await crm.list(key)).toHaveLength(1);
    }
  });

  test('a plugin cannot reach the table by SQL', async () => {
    await expect(database.forPlugin('crm').query('select * from core.state')).rejects.toMatchObject({
      details: { sqlstate: '42501' },
    });
  });
});
