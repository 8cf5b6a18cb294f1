import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Bus, Event, EventDefinition } from '@orchestrall/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import { withScope } from '../../telemetry/scope.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const counted = defineEvent('contact.counted', Type.Object({ number: Type.Integer() }));

let server: TestDatabase;
let replica: Replica;
const generations: AsyncDisposable[] = [];

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  replica = await startReplica(server.connection);
});
afterEach(async () => {
  for (const one of generations.splice(0)) await one[Symbol.asyncDispose]();
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Sets a plugin up and switches it on until the end of the test. */
async function switchOn(
  owner: Owner,
  declared: readonly EventDefinition[],
  setup?: (bus: Bus) => void,
): Promise<Registration<Bus>> {
  const registration = await activate(replica, owner, declared, setup);
  generations.push(registration);
  return registration;
}

/** Emits numbers from 0 on, one transaction each, in order. */
async function emitNumbers(
  plugin: string,
  count: number,
  subject: (number: number) => string,
): Promise<void> {
  const database = replica.database.forPlugin(plugin);
  for (let number = 0; number < count; number += 1) {
    await database.transaction(async (tx) => tx.emit(counted, { number }, { subject: subject(number) }));
  }
}

async function subscriptionOf(plugin: string) {
  const { subscriptions } = await replica.bus.statistics();
  return subscriptions.find((one) => one.plugin === plugin);
}

const parked = async (plugin: string): Promise<number> => (await subscriptionOf(plugin))?.parked ?? 0;

/** Given back by its replica, with events still to come. */
async function isReleased(plugin: string): Promise<boolean> {
  const one = await subscriptionOf(plugin);
  return one !== undefined && one.replica === null && one.lag > 0;
}

const ignore = async (): Promise<void> => undefined;
const numberOf = (event: Event<{ number: number }>): number => event.data.number;

describe('tx.emit', () => {
  it('reaches a handler in its own transaction, with position, source and trace context', async () => {
    const seen = createCollector<Event>();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await switchOn(createOwner('path'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        await tx.query('insert into handled (position) values ($1)', [event.position]);
        tx.afterCommit(() => seen.add(event));
      });
    });
    const database = replica.database.forPlugin('path');
    await database.query('create table handled (position bigint primary key)');
    const id = await withScope({ correlationId: 'request-1', traceparent }, () =>
      database.transaction(async (tx) => tx.emit(counted, { number: 1 }, { subject: 'c1' })),
    );
    const [event] = await seen.reach(1);
    expect(event).toEqual({
      specversion: '1.0',
      id,
      source: '/plugins/path',
      type: 'contact.counted',
      subject: 'c1',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      datacontenttype: 'application/json',
      data: { number: 1 },
      position: expect.any(Number),
      correlationid: 'request-1',
      traceparent,
    });
    expect(await database.query('select position from handled')).toEqual([{ position: event?.position }]);
  });

  it('emits nothing when the transaction or its savepoint rolls back', async () => {
    const seen = createCollector<number>();
    await switchOn(createOwner('undone'), [counted], (bus) => {
      bus.on('contact.counted', async (event) => {
        if (event.source === '/plugins/undone') seen.add(Object(event.data).number);
      });
    });
    const database = replica.database.forPlugin('undone');
    const refused = new Error('rolled back');
    await expect(
      database.transaction(async (tx) => {
        tx.emit(counted, { number: 1 });
        throw refused;
      }),
    ).rejects.toBe(refused);
    await database.transaction(async (tx) => {
      await tx
        .savepoint(async () => {
          tx.emit(counted, { number: 2 });
          throw refused;
        })
        .catch(() => undefined);
      tx.emit(counted, { number: 3 });
    });
    expect(await seen.reach(1)).toEqual([3]);
  });

  it('refuses data that do not fit and events that are not declared, before anything is written', async () => {
    await switchOn(createOwner('strict'), [counted]);
    const database = replica.database.forPlugin('strict');
    const other = defineEvent('contact.deleted', Type.Object({}));
    const faulty: { number: number } = JSON.parse('{"number":"one"}');
    await expect(database.transaction(async (tx) => tx.emit(counted, faulty))).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      details: { faults: [expect.objectContaining({ path: '/data/number' })] },
    });
    await expect(database.transaction(async (tx) => tx.emit(other, {}))).rejects.toMatchObject({
      code: 'EVENT_NOT_DECLARED',
    });
  });

  it('gives writers that conflict on a row positions in the order of their commits', async () => {
    await switchOn(createOwner('conflict'), [counted]);
    const database = replica.database.forPlugin('conflict');
    await database.query('create table tally (id integer primary key, number integer not null)');
    await database.query('insert into tally values (1, 0)');
    const write = () =>
      database.transaction(async (tx) => {
        const [row] = await tx.query<{ number: number }>(
          'update tally set number = number + 1 where id = 1 returning number',
        );
        tx.emit(counted, { number: row?.number ?? 0 });
      });
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let round = 0; round < 20; round += 1) await write();
      }),
    );
    const numbers: unknown[] = [];
    await until(async () => {
      const page = await replica.bus.history.query(
        { pattern: 'contact.counted', limit: 1_000, order: 'ascending' },
        [],
      );
      const own = page.items.filter((event) => event.source === '/plugins/conflict');
      numbers.splice(0, numbers.length, ...own.map((event) => Object(event.data).number));
      return own.length === 200;
    });
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });
});

describe('a subscription', () => {
  it('keeps the order of each key while keys run side by side, and handles each event once', async () => {
    const seen = createCollector<Event<{ number: number }>>();
    let together = 0;
    let most = 0;
    await switchOn(createOwner('ordered'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        if (event.source !== '/plugins/ordered') return;
        together += 1;
        most = Math.max(most, together);
        await tx.query('select pg_sleep(0.001)');
        together -= 1;
        tx.afterCommit(() => seen.add(event));
      });
    });
    await emitNumbers('ordered', 300, (number) => `k${number % 7}`);
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
    await switchOn(createOwner('skipping'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => tx.afterCommit(() => seen.add(event.data.number)));
    });
    await until(async () => typeof (await subscriptionOf('skipping'))?.replica === 'string');
    await replica.database.core().query(
      `insert into core.inbox (subscription_id, position)
       select s.id, r.head + 1 from core.subscriptions s, core.relay r where s.owner = 'skipping'`,
    );
    await emitNumbers('skipping', 3, () => 'one');
    expect(await seen.reach(2)).toEqual([1, 2]);
  });

  it('lets a failing event hold back its own key, and nothing else, until it succeeds', async () => {
    const seen = createCollector<Event<{ number: number }>>();
    const broken = { now: true };
    const owner = createOwner('failing');
    await switchOn(owner, [counted], (bus) => {
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
    await emitNumbers('failing', 40, (number) => (number % 2 === 0 ? 'good' : 'bad'));
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

  it('dead-letters an event after its attempts, then goes on with its key; a replay delivers it once more', async () => {
    const seen = createCollector<number>();
    const broken = { now: true };
    await switchOn(createOwner('burying'), [counted], (bus) => {
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
    replica.bus.observe('event.dead_lettered', (event) => told.add(event));
    await emitNumbers('burying', 4, () => 'one');
    expect(await seen.reach(3)).toEqual([0, 2, 3]);
    const { items } = await replica.bus.deadLetters.list({ plugin: 'burying' });
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
    expect(await replica.bus.deadLetters.replay([items[0]?.id ?? 0])).toBe(1);
    expect(await seen.reach(4)).toEqual([0, 2, 3, 1]);
    expect((await replica.bus.deadLetters.list({ plugin: 'burying' })).items).toEqual([]);
    await expect(replica.bus.deadLetters.discard([items[0]?.id ?? 0])).rejects.toMatchObject({
      code: 'DEAD_LETTER_NOT_FOUND',
    });
  });

  it('undoes and counts a delivery that takes longer than its time limit', async () => {
    const stuck = Promise.withResolvers<void>();
    const owner = createOwner('slow');
    await switchOn(owner, [counted], (bus) => {
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
    const database = replica.database.forPlugin('slow');
    await database.query('create table touched (number integer)');
    await emitNumbers('slow', 1, () => 'one');
    await until(async () => (await replica.bus.deadLetters.list({ plugin: 'slow' })).items.length === 1);
    const [letter] = (await replica.bus.deadLetters.list({ plugin: 'slow' })).items;
    expect(letter).toMatchObject({ reason: 'handler_timeout', attempts: 1 });
    expect(await database.query('select * from touched')).toEqual([]);
    expect(owner.running()).toBe(1);
    stuck.resolve();
    await until(() => owner.running() === 0);
  });
});

describe('generations', () => {
  it('hand over in one step: what runs ends under the old one, what follows goes to the new one', async () => {
    const seen = createCollector<string>();
    const first = createOwner('swapped', 1);
    const second = createOwner('swapped', 2);
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const old = await switchOn(first, [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        if (event.source !== '/plugins/swapped') return;
        entered.resolve();
        await gate.promise;
        tx.afterCommit(() => seen.add(`old ${event.data.number}`));
      });
    });
    await emitNumbers('swapped', 1, () => 'one');
    await entered.promise;
    const fresh = replica.bus.forPlugin(second, [counted]);
    fresh.api.on(counted, async (event, tx) => {
      if (event.source === '/plugins/swapped') tx.afterCommit(() => seen.add(`new ${event.data.number}`));
    });
    await fresh.prepare();
    fresh.activate();
    old.deactivate();
    expect(first.running()).toBeGreaterThan(0);
    await replica.database
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
      switchOn(createOwner('paused', generation), [counted], (bus) => {
        bus.on(counted, async (event, tx) => {
          if (event.source === '/plugins/paused') tx.afterCommit(() => seen.add(event.data.number));
        });
      });
    const first = await subscribe(1);
    await emitNumbers('paused', 3, () => 'one');
    await seen.reach(3);
    first.deactivate();
    await emitNumbers('paused', 6, () => 'one');
    await until(() => isReleased('paused'));
    await first[Symbol.asyncDispose]();
    expect(seen.items).toEqual([0, 1, 2]);
    await subscribe(2);
    expect(await seen.reach(9)).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5]);
  });

  it('begin with all that the history holds when asked to', async () => {
    const seen = createCollector<number>();
    await switchOn(createOwner('historian'), [], (bus) => {
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
    await using registration = replica.bus.forPlugin(createOwner('wrong'), []);
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
