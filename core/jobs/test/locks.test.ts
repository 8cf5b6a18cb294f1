import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { createLocks } from '../locks/locks.ts';
import type { LocksEngine } from '../locks/locks.ts';
import { clock, jobsMigrations, owner, silent } from './support.ts';

/** Work that holds its lock until it is told to end. */
function holding(): {
  readonly held: Promise<void>;
  readonly work: () => Promise<void>;
  readonly end: () => void;
} {
  const held = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  return {
    held: held.promise,
    end: () => end.resolve(),
    work: async () => {
      held.resolve();
      await end.promise;
    },
  };
}

describeOnServers('locks', (server) => {
  let store: TestDatabase;
  let first: LocksEngine;
  let second: LocksEngine;
  let database: DatabaseEngine;

  const metrics = new Registry();

  async function started(registry: Registry): Promise<LocksEngine> {
    const locks = createLocks({ database: await store.open(), clock, log: silent, metrics: registry });
    await locks.start();
    return locks;
  }

  beforeAll(async () => {
    store = await testDatabase({ server, migrations: [await jobsMigrations()] });
    database = await store.open();
    first = await started(metrics);
    second = await started(new Registry());
  });
  afterEach(() => database.core().query('delete from core.lock_waiters'));
  afterAll(async () => {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test('withLock() refuses a lock that another process holds, and hands on results and errors', async () => {
    const hold = holding();
    const running = first.forPlugin(owner()).withLock('a', hold.work);
    await hold.held;
    await expect(second.forPlugin(owner()).withLock('a', async () => 1)).rejects.toMatchObject({
      code: 'LOCK_UNAVAILABLE',
      status: 409,
    });
    expect(await second.forPlugin(owner(1, 'other')).withLock('a', async () => 'mine')).toBe('mine');
    hold.end();
    await running;
    await expect(
      second.forPlugin(owner()).withLock('a', async () => Promise.reject(new Error('work'))),
    ).rejects.toThrow('work');
    expect(await first.list()).toEqual([]);
  });

  test('fences of one lock grow with every acquisition', async () => {
    const fences: number[] = [];
    for (const locks of [first, second, first]) {
      await locks.forPlugin(owner()).withLock('fenced', async (lock) => void fences.push(lock.fence));
    }
    expect(fences).toEqual(fences.toSorted((one, other) => one - other));
    expect(new Set(fences).size).toBe(3);
  });

  test('40 waiters of two processes are never inside at once, and all get in', async () => {
    let inside = 0;
    let most = 0;
    let done = 0;
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? first : second).forPlugin(owner()).withLock(
          'crowd',
          async () => {
            inside += 1;
            most = Math.max(most, inside);
            await new Promise((resolve) => setImmediate(resolve));
            inside -= 1;
            done += 1;
          },
          { waitMs: 50_000 },
        ),
      ),
    );
    expect([most, done]).toEqual([1, 40]);
  });

  test('a higher priority is served first, an equal one in order of asking', async () => {
    const hold = holding();
    const order: string[] = [];
    const running = first.forPlugin(owner()).withLock('line', hold.work);
    await hold.held;
    const waiting: Promise<void>[] = [];
    for (const [name, priority] of [
      ['low', 0],
      ['one', 1],
      ['two', 1],
      ['high', 9],
    ] as const) {
      waiting.push(
        second
          .forPlugin(owner())
          .withLock('line', async () => void order.push(name), { waitMs: 50_000, priority }),
      );
      await expect
        .poll(async () => (await first.list()).find((lock) => lock.name === 'line')?.waiting)
        .toBe(waiting.length);
    }
    hold.end();
    await running;
    await Promise.all(waiting);
    expect(order).toEqual(['high', 'one', 'two', 'low']);
  });

  test('five seconds of waiting count as one priority, so that none starves', async () => {
    const hold = holding();
    const order: string[] = [];
    const running = first.forPlugin(owner()).withLock('old', hold.work);
    await hold.held;
    const waitMs = 50_000;
    const low = second
      .forPlugin(owner())
      .withLock('old', async () => void order.push('low'), { waitMs, priority: 0 });
    await expect.poll(async () => (await first.list())[0]?.waiting).toBe(1);
    await database
      .core()
      .query(`update core.lock_waiters set requested_at = requested_at - interval '30 seconds'`);
    const high = first
      .forPlugin(owner())
      .withLock('old', async () => void order.push('high'), { waitMs, priority: 4 });
    await expect.poll(async () => (await first.list())[0]?.waiting).toBe(2);
    hold.end();
    await Promise.all([running, low, high]);
    expect(order).toEqual(['low', 'high']);
  });

  test('a wait that ends without the lock leaves the line', async () => {
    const hold = holding();
    const running = first.forPlugin(owner()).withLock('wait', hold.work);
    await hold.held;
    await expect(
      second.forPlugin(owner()).withLock('wait', async () => 1, { waitMs: 50 }),
    ).rejects.toMatchObject({ code: 'LOCK_UNAVAILABLE' });
    expect((await first.list())[0]).toMatchObject({ name: 'wait', held: true, waiting: 0 });
    hold.end();
    await running;
  });

  test('a lock taken over after its lease aborts the signal of the old holder, whose fence is lower', async () => {
    const lost = Promise.withResolvers<unknown>();
    let oldFence = 0;
    const running = first.forPlugin(owner()).withLock(
      'lease',
      async (lock) => {
        oldFence = lock.fence;
        // The lease ends early, as after a long pause of this process.
        await database
          .core()
          .query(`update core.locks set leased_until = now() - interval '1 second' where name = 'lease'`);
        await second.forPlugin(owner()).withLock('lease', async (taken) => {
          expect(taken.fence).toBeGreaterThan(oldFence);
          await new Promise<void>((resolve) => lock.signal.addEventListener('abort', () => resolve()));
        });
        lost.resolve(lock.signal.reason);
      },
      { ttlMs: 300 },
    );
    expect(await lost.promise).toMatchObject({ code: 'LOCK_LOST' });
    await running;
    expect(await first.list()).toEqual([]);
    const counted = await metrics.metrics();
    expect(counted).toContain('orch_locks_active{resource_type="crm"} 0');
    expect(counted).toContain('orch_lock_acquisition_total{resource_type="crm",status="lost"} 1');
  });

  test.each([
    ['', {}, 'name'],
    ['x', { ttlMs: 10 }, 'ttlMs'],
    ['x', { waitMs: -1 }, 'waitMs'],
    ['x', { priority: 10 }, 'priority'],
  ])('withLock(%j, %j) is refused naming %s', async (name, options, named) => {
    await expect(first.forPlugin(owner()).withLock(name, async () => 1, options)).rejects.toThrow(named);
  });
});
