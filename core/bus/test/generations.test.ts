import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCollector, createOwner, until } from './fixture.ts';
import { counted, startStage } from './stage.ts';
import type { Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.switchOff());
afterAll(() => stage[Symbol.asyncDispose]());

/** Given back by its replica, with events still to come. */
async function isReleased(plugin: string): Promise<boolean> {
  const one = await stage.subscriptionOf(plugin);
  return one !== undefined && one.replica === null && one.lag > 0;
}

const ignore = async (): Promise<void> => undefined;

describe('generations', () => {
  it('hand over in one step: what runs ends under the old one, what follows goes to the new one', async () => {
    const seen = createCollector<string>();
    const first = createOwner('swapped', 1);
    const second = createOwner('swapped', 2);
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const old = await stage.switchOn(first, [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        if (event.source !== '/plugins/swapped') return;
        entered.resolve();
        await gate.promise;
        tx.afterCommit(() => seen.add(`old ${event.data.number}`));
      });
    });
    await stage.emitNumbers('swapped', 1, () => 'one');
    await entered.promise;
    const fresh = stage.replica.bus.forPlugin(second, [counted]);
    fresh.api.on(counted, async (event, tx) => {
      if (event.source === '/plugins/swapped') tx.afterCommit(() => seen.add(`new ${event.data.number}`));
    });
    await fresh.prepare();
    fresh.activate();
    old.deactivate();
    expect(first.running()).toBeGreaterThan(0);
    await stage.replica.database
      .forPlugin('swapped')
      .transaction(async (tx) => tx.emit(counted, { number: 1 }, { subject: 'two' }));
    expect(await seen.reach(1)).toEqual(['new 1']);
    gate.resolve();
    expect(await seen.reach(2)).toEqual(['new 1', 'old 0']);
    await old[Symbol.asyncDispose]();
    await fresh[Symbol.asyncDispose]();
  });

  it('go on where the plugin was switched off', async () => {
    const seen = createCollector<number>();
    const subscribe = (generation: number) =>
      stage.switchOn(createOwner('paused', generation), [counted], (bus) => {
        bus.on(counted, async (event, tx) => {
          if (event.source === '/plugins/paused') tx.afterCommit(() => seen.add(event.data.number));
        });
      });
    const first = await subscribe(1);
    await stage.emitNumbers('paused', 3, () => 'one');
    await seen.reach(3);
    first.deactivate();
    await stage.emitNumbers('paused', 6, () => 'one');
    await until(() => isReleased('paused'));
    await first[Symbol.asyncDispose]();
    expect(seen.items).toEqual([0, 1, 2]);
    await subscribe(2);
    expect(await seen.reach(9)).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5]);
  });

  it('begin with all that the history holds when asked to', async () => {
    await stage.switchOn(createOwner('ordered'), [counted]);
    await stage.emitNumbers('ordered', 300, (number) => `k${number % 7}`);
    const seen = createCollector<number>();
    await stage.switchOn(createOwner('historian'), [], (bus) => {
      bus.on(
        'contact.*',
        async (event, tx) => {
          if (event.source === '/plugins/ordered') tx.afterCommit(() => seen.add(Object(event.data).number));
        },
        { from: 'start' },
      );
    });
    expect(new Set(await seen.reach(300)).size).toBe(300);
  });

  it('refuse two subscriptions of one name and options out of bounds', async () => {
    await using registration = stage.replica.bus.forPlugin(createOwner('wrong'), []);
    const { api } = registration;
    api.on('contact.*', ignore);
    expect(() => api.on('contact.*', ignore)).toThrow(
      expect.objectContaining({ code: 'SUBSCRIPTION_INVALID' }),
    );
    expect(() => api.on('a.b', ignore, { concurrency: 0, attempts: 1_000 })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          faults: [
            expect.objectContaining({ path: 'concurrency' }),
            expect.objectContaining({ path: 'attempts' }),
          ],
        }),
      }),
    );
  });
});
