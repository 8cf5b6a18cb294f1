import type { Event } from '@orchestrall/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCollector, createOwner, until } from './fixture.ts';
import { counted, numberOf, startStage } from './stage.ts';
import type { Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.switchOff());
afterAll(() => stage[Symbol.asyncDispose]());

const parked = async (plugin: string): Promise<number> => (await stage.subscriptionOf(plugin))?.parked ?? 0;

async function curse(): Promise<void> {
  throw new Error('\0 and \ud83d by password=hunter2');
}

describe('a subscription', () => {
  it('keeps the order of each key while keys run side by side, and handles each event once', async () => {
    const seen = createCollector<Event<{ number: number }>>();
    let together = 0;
    let most = 0;
    await stage.switchOn(createOwner('ordered'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        if (event.source !== '/plugins/ordered') return;
        together += 1;
        most = Math.max(most, together);
        await tx.query('select pg_sleep(0.001)');
        together -= 1;
        tx.afterCommit(() => seen.add(event));
      });
    });
    await stage.emitNumbers('ordered', 300, (number) => `k${number % 7}`);
    const events = await seen.reach(300);
    for (let key = 0; key < 7; key += 1) {
      const own = events.filter((event) => event.subject === `k${key}`).map(numberOf);
      expect(own).toEqual(own.toSorted((left, right) => left - right));
    }
    expect(new Set(events.map((event) => event.id)).size).toBe(300);
    expect(most).toBeGreaterThan(1);
  });

  it('skips an event that its inbox holds already, as after a commit whose answer was lost', async () => {
    const seen = createCollector<number>();
    await stage.switchOn(createOwner('skipping'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => tx.afterCommit(() => seen.add(event.data.number)));
    });
    await until(async () => typeof (await stage.subscriptionOf('skipping'))?.replica === 'string');
    await stage.replica.database.core().query(
      `insert into core.inbox (subscription_id, position)
       select s.id, r.head + 1 from core.subscriptions s, core.relay r where s.owner = 'skipping'`,
    );
    await stage.emitNumbers('skipping', 3, () => 'one');
    expect(await seen.reach(2)).toEqual([1, 2]);
  });

  it('lets a failing event hold back its own key, and nothing else, until it succeeds', async () => {
    const seen = createCollector<Event<{ number: number }>>();
    const broken = { now: true };
    const owner = createOwner('failing');
    await stage.switchOn(owner, [counted], (bus) => {
      bus.on(
        counted,
        async (event, tx) => {
          if (event.source !== '/plugins/failing') return;
          if (broken.now && event.subject === 'bad' && event.data.number >= 3) throw new Error('not yet');
          tx.afterCommit(() => seen.add(event));
        },
        { attempts: 100, backoffMs: 10 },
      );
    });
    await stage.emitNumbers('failing', 40, (number) => (number % 2 === 0 ? 'good' : 'bad'));
    await seen.reach(21);
    await until(async () => (await parked('failing')) === 19);
    const before = seen.items.map((event) => `${event.subject} ${event.data.number}`);
    expect(before.filter((text) => text.startsWith('bad'))).toEqual(['bad 1']);
    broken.now = false;
    const events = await seen.reach(40);
    expect(events.filter((event) => event.subject === 'bad').map(numberOf)).toEqual(
      Array.from({ length: 20 }, (_, index) => 2 * index + 1),
    );
    expect(await parked('failing')).toBe(0);
    expect(owner.errors.length).toBeGreaterThan(0);
  });

  it('counts an attempt whatever its error says, and keeps no secret of it', async () => {
    await stage.switchOn(createOwner('cursing'), [counted], (bus) => {
      bus.on(counted, curse, { attempts: 1 });
    });
    await stage.emitNumbers('cursing', 1, () => 'one');
    const dead = () => stage.replica.bus.deadLetters.list({ plugin: 'cursing' });
    await until(async () => (await dead()).items.length === 1);
    expect((await dead()).items[0]?.error).toBe('Error:  and \ufffd by password=[secret]');
  });

  it('dead-letters an event after its attempts, then goes on with its key; a replay delivers it once more', async () => {
    const seen = createCollector<number>();
    const broken = { now: true };
    await stage.switchOn(createOwner('burying'), [counted], (bus) => {
      bus.on(
        counted,
        async (event, tx) => {
          if (event.source !== '/plugins/burying') return;
          if (broken.now && event.data.number === 1) throw new Error('broken for good');
          tx.afterCommit(() => seen.add(event.data.number));
        },
        { name: 'counter', attempts: 3, backoffMs: 5 },
      );
    });
    const told = createCollector<Event>();
    stage.replica.bus.observe('event.dead_lettered', (event) => told.add(event));
    await stage.emitNumbers('burying', 4, () => 'one');
    expect(await seen.reach(3)).toEqual([0, 2, 3]);
    const { items } = await stage.replica.bus.deadLetters.list({ plugin: 'burying' });
    expect(items).toEqual([
      expect.objectContaining({
        plugin: 'burying',
        subscription: 'counter',
        type: 'contact.counted',
        subject: 'one',
        data: { number: 1 },
        attempts: 3,
        reason: 'handler_failed',
        error: 'Error: broken for good',
      }),
    ]);
    expect((await told.reach(1))[0]?.data).toMatchObject({ plugin: 'burying', subscription: 'counter' });
    broken.now = false;
    expect(await stage.replica.bus.deadLetters.replay([items[0]?.id ?? 0])).toBe(1);
    expect(await seen.reach(4)).toEqual([0, 2, 3, 1]);
    expect((await stage.replica.bus.deadLetters.list({ plugin: 'burying' })).items).toEqual([]);
    await expect(stage.replica.bus.deadLetters.discard([items[0]?.id ?? 0])).rejects.toMatchObject({
      code: 'DEAD_LETTER_NOT_FOUND',
    });
  });

  it('replays a dead letter once though two ask for it at the same moment, and on any replay its effect is one', async () => {
    const owner = createOwner('poisoned');
    const broken = { now: true };
    await stage.replica.database.preparePlugin('poisoned');
    const database = stage.replica.database.forPlugin('poisoned');
    await database.query('create table effects (number integer)');
    await stage.switchOn(owner, [counted], (bus) => {
      bus.on(
        counted,
        async (event, tx) => {
          if (event.source !== '/plugins/poisoned') return;
          await tx.query('insert into effects values ($1)', [event.data.number]);
          if (broken.now) throw new Error('poison');
        },
        { name: 'effects', attempts: 2, backoffMs: 5 },
      );
    });
    await stage.emitNumbers('poisoned', 1, () => 'one');
    const { deadLetters } = stage.replica.bus;
    await until(async () => (await deadLetters.list({ plugin: 'poisoned' })).items.length === 1);
    const [letter] = (await deadLetters.list({ plugin: 'poisoned' })).items;
    broken.now = false;
    const replays = await Promise.allSettled([
      deadLetters.replay([letter?.id ?? 0]),
      deadLetters.replay([letter?.id ?? 0]),
    ]);
    const outcomes = replays.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code));
    expect(new Set(outcomes)).toEqual(new Set([1, 'DEAD_LETTER_NOT_FOUND']));
    const effects = () => database.query('select number from effects');
    await until(async () => (await effects()).length > 0);
    // What follows of the same key comes only after the replayed one is settled.
    await stage.emitNumbers('poisoned', 1, () => 'one');
    await until(async () => (await effects()).length > 1);
    expect(await effects()).toEqual([{ number: 0 }, { number: 0 }]);
    expect(await parked('poisoned')).toBe(0);
  });

  it('undoes and counts a delivery that takes longer than its time limit', async () => {
    const stuck = Promise.withResolvers<void>();
    const owner = createOwner('slow');
    await stage.switchOn(owner, [counted], (bus) => {
      bus.on(
        counted,
        async (event, tx) => {
          if (event.source !== '/plugins/slow') return;
          await tx.query('insert into touched values ($1)', [event.data.number]);
          await stuck.promise;
        },
        { attempts: 1, timeoutMs: 50 },
      );
    });
    const database = stage.replica.database.forPlugin('slow');
    await database.query('create table touched (number integer)');
    await stage.emitNumbers('slow', 1, () => 'one');
    await until(
      async () => (await stage.replica.bus.deadLetters.list({ plugin: 'slow' })).items.length === 1,
    );
    const [letter] = (await stage.replica.bus.deadLetters.list({ plugin: 'slow' })).items;
    expect(letter).toMatchObject({ reason: 'handler_timeout', attempts: 1 });
    expect(await database.query('select * from touched')).toEqual([]);
    expect(owner.running()).toBe(1);
    stuck.resolve();
    await until(() => owner.running() === 0);
  });
});
