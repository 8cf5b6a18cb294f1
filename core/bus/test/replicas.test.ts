import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const counted = defineEvent('contact.counted', Type.Object({ number: Type.Integer() }));

let server: TestDatabase;
const replicas: Replica[] = [];

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
});
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica[Symbol.asyncDispose]();
});
afterAll(() => server[Symbol.asyncDispose]());

async function start(name: string, options: { readonly deaf?: boolean } = {}): Promise<Replica> {
  const replica = await startReplica(server.connection, { replica: name, leaseMs: 1_000, ...options });
  replicas.push(replica);
  return replica;
}

/** The same plugin on a replica; what it handled is told with the replica's name, after its commit. */
async function run(
  replica: Replica,
  name: string,
  plugin: string,
  tell: (line: string) => void,
): Promise<void> {
  await activate(replica, createOwner(plugin), [counted], (bus) => {
    bus.on(counted, async (event, tx) => {
      if (event.source !== `/plugins/${plugin}`) return;
      tx.afterCommit(() => tell(`${name} ${event.data.number}`));
    });
  });
}

async function emit(replica: Replica, plugin: string, from: number, to: number): Promise<void> {
  const database = replica.database.forPlugin(plugin);
  for (let number = from; number < to; number += 1) {
    await database.transaction(async (tx) => tx.emit(counted, { number }, { subject: 'one' }));
  }
}

const numbers = (lines: readonly string[]): number[] => lines.map((line) => Number(line.split(' ')[1]));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('two replicas on one database', () => {
  it('handle each event once and in order, wherever it was emitted', async () => {
    const lines = createCollector<string>();
    const [left, right] = [await start('left'), await start('right')];
    await run(left, 'left', 'shared', (line) => lines.add(line));
    await run(right, 'right', 'shared', (line) => lines.add(line));
    for (let number = 0; number < 100; number += 1) {
      await emit(number % 2 === 0 ? left : right, 'shared', number, number + 1);
    }
    expect(numbers(await lines.reach(100))).toEqual(upTo(100));
    expect(new Set(lines.items.map((line) => line.split(' ')[0])).size).toBe(1);
  });

  it('both see every stored event once and in order, gaps filled from the history', async () => {
    const [left, right] = [await start('left'), await start('right')];
    const seen = { left: createCollector<Event>(), right: createCollector<Event>() };
    left.bus.observe('contact.counted', (event) => seen.left.add(event));
    right.bus.observe('contact.counted', (event) => seen.right.add(event));
    await activate(left, createOwner('watched'), [counted]);
    await activate(right, createOwner('watched'), [counted]);
    await Promise.all([emit(left, 'watched', 0, 60), emit(right, 'watched', 60, 120)]);
    const [atLeft, atRight] = [await seen.left.reach(120), await seen.right.reach(120)];
    const positions = atLeft.map((event) => event.position ?? 0);
    expect(atRight.map((event) => event.position)).toEqual(positions);
    expect(positions).toEqual(positions.map((_, index) => (positions[0] ?? 0) + index));
  });

  it('hand a subscription over when one stops', async () => {
    const lines = createCollector<string>();
    const [left, right] = [await start('left'), await start('right')];
    await run(left, 'left', 'moving', (line) => lines.add(line));
    await emit(left, 'moving', 0, 10);
    await lines.reach(10);
    await run(right, 'right', 'moving', (line) => lines.add(line));
    await left.bus.stop();
    await emit(right, 'moving', 10, 20);
    expect(numbers(await lines.reach(20))).toEqual(upTo(20));
    expect(lines.items.at(-1)).toBe('right 19');
  });

  it('refuse the work of one that was replaced, once what it had open is committed', async () => {
    const lines = createCollector<string>();
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const [left, right] = [await start('left'), await start('right')];
    let first = true;
    await activate(left, createOwner('fenced'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        if (event.source !== '/plugins/fenced') return;
        if (first) {
          first = false;
          entered.resolve();
          await gate.promise;
        }
        tx.afterCommit(() => lines.add(`left ${event.data.number}`));
      });
    });
    await emit(left, 'fenced', 0, 5);
    await entered.promise;
    // As if left's lease had run out while it was not looking.
    await right.database.core().query(`update core.subscriptions set holder = 'gone' where owner = 'fenced'`);
    await run(right, 'right', 'fenced', (line) => lines.add(line));
    const takeWhileOpen = right.database
      .core()
      .query(
        `select id from core.take_subscriptions('other', array(select id from core.subscriptions where owner = 'fenced'))`,
      );
    expect(await takeWhileOpen).toEqual([]);
    gate.resolve();
    let next = 5;
    await until(async () => {
      await emit(left, 'fenced', next, next + 1);
      next += 1;
      return lines.items.some((line) => line.startsWith('right'));
    });
    expect(numbers(await lines.reach(next))).toEqual(upTo(next));
    const takenAt = lines.items.findIndex((line) => line.startsWith('right'));
    expect(takenAt).toBeGreaterThan(0);
    expect(lines.items.slice(takenAt).every((line) => line.startsWith('right'))).toBe(true);
  });

  it('take what a process that died held once its lease has run out, and not before', async () => {
    const lines = createCollector<string>();
    const left = await start('left');
    const core = left.database.core();
    await core.query(
      `insert into core.replicas (id, lease_until) values ('dead', clock_timestamp() + interval '2 seconds')`,
    );
    await core.query(
      `insert into core.subscriptions (owner, name, pattern, cursor_position, holder)
       select 'orphan', 'contact.counted', 'contact.counted', r.head, 'dead' from core.relay r`,
    );
    await run(left, 'left', 'orphan', (line) => lines.add(line));
    await emit(left, 'orphan', 0, 3);
    const holder = async (): Promise<{ holder: string | null; alive: boolean } | undefined> => {
      const [row] = await core.query<{ holder: string | null; alive: boolean }>(
        `select s.holder, r.lease_until > clock_timestamp() as alive
         from core.subscriptions s, core.replicas r where s.owner = 'orphan' and r.id = 'dead'`,
      );
      return row;
    };
    const before = await holder();
    if (before?.alive === true) expect(before.holder).toBe('dead');
    expect(numbers(await lines.reach(3))).toEqual(upTo(3));
    expect(await holder()).toEqual({ holder: 'left', alive: false });
  });

  it('deliver what another has stamped though the connections they listen on are ended', async () => {
    const [left, right] = [await start('left'), await start('right')];
    const seen = createCollector<Event>();
    right.bus.observe('contact.counted', (event) => seen.add(event));
    await activate(left, createOwner('unheard'), [counted]);
    for (let round = 0; round < 3; round += 1) {
      expect(await server.cutConnections('orchestrall listen')).toBeGreaterThan(0);
      await emit(left, 'unheard', round, round + 1);
      await seen.reach(round + 1);
    }
    expect(seen.items.map((event) => Object(event.data).number)).toEqual(upTo(3));
  });

  it('deliver within the poll what another has stamped though no notification is heard', async () => {
    const [left, right] = [await start('left'), await start('right', { deaf: true })];
    const seen = createCollector<Event>();
    right.bus.observe('contact.counted', (event) => seen.add(event));
    await activate(left, createOwner('deaf'), [counted]);
    await emit(left, 'deaf', 0, 5);
    await seen.reach(5);
    expect(seen.items.map((event) => Object(event.data).number)).toEqual(upTo(5));
  });

  it('deliver what was committed by a process that never poked a relay', async () => {
    const lines = createCollector<string>();
    const left = await start('left');
    await run(left, 'left', 'quiet', (line) => lines.add(line));
    await left.database.core().query('select core.emit_events($1)', [
      JSON.stringify([
        {
          id: '01900000-0000-7000-8000-000000000001',
          source: '/plugins/quiet',
          type: 'contact.counted',
          data: { number: 0 },
        },
      ]),
    ]);
    expect(numbers(await lines.reach(1))).toEqual([0]);
  });
});
