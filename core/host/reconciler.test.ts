import type { HealthResult } from '@orchestrall/sdk';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Slot } from './slot.ts';
import { available, world } from './test/fake-generations.ts';

afterEach(() => void vi.useRealTimers());

test('a provider comes on before its consumer and goes off after it', async () => {
  const { want, quiet, journal, sales } = world();
  want('sales', true);
  await quiet();
  expect(sales.state).toBe('off');
  expect(sales.refusal?.reason).toBe('needs crm');
  want('crm', true);
  await quiet();
  want('crm', false);
  await quiet();
  expect(journal).toEqual([
    'crm 1.0.0 on',
    'sales 1.0.0 on',
    'sales 1.0.0 off',
    'crm 1.0.0 off',
    'sales 1.0.0 drained',
    'crm 1.0.0 drained',
  ]);
  want('crm', true);
  await quiet();
  expect(sales.state).toBe('active');
});

test('a provider ends only after the consumers that may still call it have ended', async () => {
  const working = Promise.withResolvers<void>();
  const { want, quiet, journal } = world(({ name }) => (name === 'sales' ? { idle: working.promise } : {}));
  want('crm', true);
  want('sales', true);
  await quiet();
  want('crm', false);
  await quiet();
  expect(journal.filter((line) => line.endsWith(' drained'))).toEqual([]);
  working.resolve();
  await quiet();
  expect(journal.slice(-2)).toEqual(['sales 1.0.0 drained', 'crm 1.0.0 drained']);
});

test('on, off, on, off while the first build runs ends off, with nothing left active', async () => {
  const { want, quiet, journal, crm: slot } = world();
  for (const enabled of [true, false, true, false]) want('crm', enabled);
  await quiet();
  expect(slot.state).toBe('off');
  expect(journal).toEqual(['crm 1.0.0 drained']);
});

test('what was built for a wish that has changed meanwhile never serves', async () => {
  const { want, quiet, journal, crm: slot, reconciler } = world();
  want('crm', true);
  slot.desired = { ...slot.desired, config: { changed: true } };
  reconciler.pass();
  await quiet();
  expect(journal).toEqual(['crm 1.0.0 drained', 'crm 1.0.0 on']);
  expect(slot.currentTarget).toBe(slot.target);
});

test('an upgrade is switched in one step and an unhealthy one is switched back', async () => {
  let health: HealthResult = { status: 'healthy' };
  const { want, quiet, journal, crm: slot, reconciler } = world(() => ({ health }));
  want('crm', true);
  await quiet();
  health = { status: 'unhealthy', reason: 'no database' };
  slot.available.set('1.1.0', available('crm', '1.1.0'));
  reconciler.pass();
  await quiet();
  expect(journal).toEqual([
    'crm 1.0.0 on',
    'crm 1.1.0 on',
    'crm 1.0.0 off',
    'crm 1.0.0 on',
    'crm 1.1.0 off',
    'crm 1.1.0 drained',
  ]);
  expect(slot.state).toBe('active');
  expect(slot.failure?.reason).toContain('no database');
});

test('switching off while an upgrade proves its health leaves neither version active', async () => {
  const { want, quiet, journal, crm: slot, reconciler } = world();
  want('crm', true);
  await quiet();
  slot.available.set('1.1.0', available('crm', '1.1.0'));
  reconciler.pass();
  await quiet();
  want('crm', false);
  await quiet();
  expect(slot.state).toBe('off');
  expect(journal.filter((line) => line.endsWith(' on')).length).toBe(
    journal.filter((line) => line.endsWith(' drained')).length,
  );
});

test('a failing build waits twice as long after each attempt, and a new wish is tried at once', async () => {
  const { want, quiet, crm: slot, clock, reconciler, builds } = world(() => ({ buildFails: 'no luck' }));
  want('crm', true);
  await quiet();
  expect(slot.state).toBe('failed');
  expect(slot.failure).toMatchObject({ reason: 'no luck', retryAtMs: 1000 });
  clock.ms = 999;
  reconciler.pass();
  expect(builds).toHaveLength(0);
  clock.ms = 1000;
  reconciler.pass();
  await quiet();
  expect(slot.failure?.retryAtMs).toBe(3000);
  slot.reloads += 1;
  reconciler.pass();
  expect(builds).toHaveLength(1);
  await quiet();
});

test("the reason of a failure shows no password that the plugin's client put into its message", async () => {
  const buildFails = 'connect postgres://crm:hunter2@db:5432/crm: refused';
  const { want, quiet, crm: slot } = world(() => ({ buildFails }));
  want('crm', true);
  await quiet();
  expect(slot.failure?.reason).toBe('connect postgres://crm:[secret]@db:5432/crm: refused');
});

test('failing upgrades wait longer each time, however long the version before them has run', async () => {
  let buildFails: string | undefined;
  const {
    want,
    quiet,
    crm: slot,
    clock,
    reconciler,
  } = world(() => (buildFails === undefined ? {} : { buildFails }));
  want('crm', true);
  await quiet();
  buildFails = 'no luck';
  clock.ms = 3_600_000;
  slot.available.set('1.1.0', available('crm', '1.1.0'));
  for (const pauseMs of [1000, 2000, 4000]) {
    reconciler.pass();
    await quiet();
    expect(slot.failure?.retryAtMs).toBe(clock.ms + pauseMs);
    clock.ms += pauseMs;
  }
  slot.available.set('1.2.0', available('crm', '1.2.0'));
  reconciler.pass();
  await quiet();
  expect(slot.failure?.retryAtMs).toBe(clock.ms + 1000);
  expect(slot.current?.version).toBe('1.0.0');
});

test('switching off is in effect at once, also while a build hangs; stopping waits for its end', async () => {
  const { want, quiet, reconciler, crm: slot, journal } = world();
  want('crm', true);
  want('crm', false);
  await reconciler.settled(slot);
  expect([slot.state, slot.isBusy]).toEqual(['off', true]);
  const stopped = reconciler.stop();
  await quiet();
  await stopped;
  expect([slot.isBusy, journal]).toEqual([false, ['crm 1.0.0 drained']]);
});

test('a consumer of a provider that fails is failed too, says why, and nobody waits for it or spins', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let buildFails: string | undefined = 'no luck';
  const {
    want,
    quiet,
    reconciler,
    crm: provider,
    sales,
    clock,
    counts,
  } = world((slot) => (slot.name === 'crm' && buildFails !== undefined ? { buildFails } : {}));
  want('crm', true);
  want('sales', true);
  await quiet();
  await reconciler.settled(sales);
  expect(sales.state).toBe('failed');
  expect(sales.refusal?.reason).toContain('crm');
  sales.failure = { target: sales.target, version: '1.0.0', reason: 'earlier', retryAtMs: 0 };
  reconciler.pass();
  const { plans } = counts;
  // The clock stands: whoever waits for it to reach an instant that is past looks again and again.
  vi.advanceTimersByTime(1000);
  expect(counts.plans).toBe(plans);
  buildFails = undefined;
  sales.failure = undefined;
  clock.ms = provider.failure?.retryAtMs ?? 0;
  reconciler.pass();
  await quiet();
  expect([provider.state, sales.state, sales.refusal]).toEqual(['active', 'active', undefined]);
});

test('a plugin that is off and could provide a contract too does not hold up those that need it', async () => {
  const { want, quiet, reconciler, crm: provider, sales } = world();
  const other = new Slot('other', new Date(0));
  other.available.set('1.0.0', available('other', '1.0.0'));
  reconciler.slots.set('other', other);
  want('sales', true);
  want('crm', true);
  await quiet();
  expect([provider.state, sales.state, other.state]).toEqual(['active', 'active', 'off']);
});

test('a generation that is switched off while its health is checked ends once, and its check no longer counts', async () => {
  const health = Promise.withResolvers<HealthResult>();
  const { want, quiet, crm: slot, journal } = world(() => ({ health: health.promise }));
  want('crm', true);
  await quiet();
  want('crm', false);
  await quiet();
  health.resolve({ status: 'unhealthy', reason: 'asked too late' });
  await quiet();
  expect(journal).toEqual(['crm 1.0.0 on', 'crm 1.0.0 off', 'crm 1.0.0 drained']);
  expect([slot.state, slot.failure]).toEqual(['off', undefined]);
});

test('a fault while the health of an upgrade is checked brings the version before it back', async () => {
  let health: HealthResult | Promise<HealthResult> = { status: 'healthy' };
  const { want, quiet, crm: slot, journal, reconciler } = world(() => ({ health }));
  want('crm', true);
  await quiet();
  health = new Promise(() => {});
  slot.available.set('1.1.0', available('crm', '1.1.0'));
  reconciler.pass();
  await quiet();
  expect(slot.current?.version).toBe('1.1.0');
  reconciler.fault(slot, new Error('thrown in a timer'));
  await quiet();
  expect([slot.current?.version, slot.state, slot.isBusy]).toEqual(['1.0.0', 'active', false]);
  expect(slot.failure).toMatchObject({ reason: 'thrown in a timer', retryAtMs: 1000 });
  expect(journal.slice(-3)).toEqual(['crm 1.0.0 on', 'crm 1.1.0 off', 'crm 1.1.0 drained']);
});

test('a fault while the first health check runs fails the plugin with its pause', async () => {
  const health = Promise.withResolvers<HealthResult>();
  const { want, quiet, crm: slot, reconciler, builds } = world(() => ({ health: health.promise }));
  want('crm', true);
  await quiet();
  reconciler.fault(slot, new Error('thrown in a timer'));
  health.resolve({ status: 'healthy' });
  await new Promise((resolve) => setImmediate(resolve));
  expect([slot.state, slot.failure?.reason, builds.length]).toEqual(['failed', 'thrown in a timer', 0]);
});

test('a generation that cannot be activated ends, and what served goes on serving', async () => {
  let activateFails: string | undefined;
  const {
    want,
    quiet,
    crm: slot,
    journal,
    reconciler,
  } = world(() => (activateFails === undefined ? {} : { activateFails }));
  want('crm', true);
  await quiet();
  activateFails = 'a metric of that name is there';
  slot.available.set('1.1.0', available('crm', '1.1.0'));
  reconciler.pass();
  await quiet();
  expect([slot.current?.version, slot.failure?.reason]).toEqual(['1.0.0', activateFails]);
  expect(journal).toEqual(['crm 1.0.0 on', 'crm 1.0.0 off', 'crm 1.0.0 on', 'crm 1.1.0 drained']);
});

test('a generation whose end throws is reported and holds nothing up', async () => {
  const { want, quiet, crm: slot, reconciler, reports } = world(() => ({ drainFails: 'no end' }));
  want('crm', true);
  await quiet();
  want('crm', false);
  await quiet();
  expect(slot.draining.size).toBe(0);
  expect(reports).toMatchObject([
    { plugin: 'crm', faults: [{ effect: 'its end', error: new Error('no end') }] },
  ]);
  await reconciler.stop();
});

test('whatever is wished in whatever order, what runs in the end is what was wished last', async () => {
  const wish = fc.record({
    name: fc.constantFrom('crm', 'sales'),
    enabled: fc.boolean(),
    wait: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { maxLength: 12 }), async (wishes) => {
      const { want, quiet, crm: crmSlot, sales, journal } = world();
      for (const { name, enabled, wait } of wishes) {
        want(name, enabled);
        if (wait) await new Promise((resolve) => setImmediate(resolve));
      }
      await quiet();
      const last = (name: string): boolean => wishes.findLast((each) => each.name === name)?.enabled ?? false;
      expect(crmSlot.current !== undefined).toBe(last('crm'));
      expect(sales.current !== undefined).toBe(last('crm') && last('sales'));
      const balance = journal.filter((line) => line.endsWith(' on')).length;
      expect(journal.filter((line) => line.endsWith(' off'))).toHaveLength(
        balance - Number(crmSlot.current !== undefined) - Number(sales.current !== undefined),
      );
      expect(crmSlot.draining.size + sales.draining.size).toBe(0);
    }),
    { numRuns: 100 },
  );
});
