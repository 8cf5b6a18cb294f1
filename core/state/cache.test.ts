import { expect, test } from 'vitest';
import { createCache } from './cache.ts';

function turnable(): { nowMs: number; now(): Date; monotonicMs(): number } {
  return {
    nowMs: 1000,
    now() {
      return new Date(this.nowMs);
    },
    monotonicMs() {
      return this.nowMs;
    },
  };
}

test('a value is computed once however many ask for it, and again after its time', async () => {
  const clock = turnable();
  const cache = createCache(clock);
  let loads = 0;
  const load = async () => {
    loads += 1;
    return loads;
  };
  expect(await Promise.all([1, 2, 3].map(() => cache.get('k', 100, load)))).toEqual([1, 1, 1]);
  clock.nowMs += 99;
  expect(await cache.get('k', 100, load)).toBe(1);
  clock.nowMs += 2;
  expect(await cache.get('k', 100, load)).toBe(2);
});

test('a value dropped while it is being loaded is not kept', async () => {
  const cache = createCache(turnable());
  const old = Promise.withResolvers<string>();
  const first = cache.get('k', 1000, () => old.promise);
  cache.forget('k');
  const second = cache.get('k', 1000, async () => 'fresh');
  expect(await second).toBe('fresh');
  old.resolve('stale');
  expect(await first).toBe('stale');
  expect(await cache.get('k', 1000, async () => 'other')).toBe('fresh');
});

test('a value dropped while it is being loaded leaves nothing even when nobody asks again', async () => {
  const cache = createCache(turnable());
  const old = Promise.withResolvers<string>();
  const first = cache.get('k', 1000, () => old.promise);
  cache.clear();
  old.resolve('stale');
  await first;
  expect(await cache.get('k', 1000, async () => 'fresh')).toBe('fresh');
});

test.each([undefined, null])('%s is handed on but not kept', async (nothing) => {
  const cache = createCache(turnable());
  expect(await cache.get('k', 1000, async () => nothing)).toBe(nothing);
  expect(await cache.get('k', 1000, async () => 1)).toBe(1);
});

test('an error reaches all who wait and is not kept', async () => {
  const cache = createCache(turnable());
  const asked = [1, 2].map(() => cache.get('k', 1000, async () => Promise.reject(new Error('down'))));
  for (const one of asked) await expect(one).rejects.toThrow('down');
  expect(await cache.get('k', 1000, async () => 1)).toBe(1);
});
