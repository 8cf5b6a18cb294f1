import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const counted = defineEvent('contact.counted', Type.Object({ number: Type.Integer() }));

let server: TestDatabase;
let replica: Replica;
const seen = createCollector<number>();

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  replica = await startReplica(server.connection);
  await activate(replica, createOwner('crm'), [counted], (bus) => {
    bus.on(counted, async (event, tx) => tx.afterCommit(() => seen.add(event.data.number)));
  });
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function emit(from: number, to: number): Promise<void> {
  const database = replica.database.forPlugin('crm');
  for (let number = from; number < to; number += 1) {
    await database.transaction(async (tx) => tx.emit(counted, { number }));
  }
}

interface RelayRow {
  readonly head: number;
  readonly scan_floor: number;
  readonly outbox: number;
  readonly highest: number;
}

async function relay(): Promise<RelayRow> {
  const [row] = await replica.database.core().query<RelayRow>(
    `select head, scan_floor, (select count(*) from core.outbox) as outbox,
       (select last_value from core.outbox_sequence) as highest from core.relay`,
  );
  if (row === undefined) throw new Error('core.relay holds no row');
  return row;
}

it('an event with a low number whose transaction commits late is delivered, though later ones went before', async () => {
  const open = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const late = replica.database.core().transaction(async (tx) => {
    const event = {
      id: '01900000-0000-7000-8000-000000000001',
      source: '/plugins/crm',
      type: 'contact.counted',
      data: { number: 1_000 },
    };
    await tx.query('select core.emit_events($1)', [JSON.stringify([event])]);
    written.resolve();
    await open.promise;
  });
  await written.promise;
  const { highest } = await relay();
  await emit(0, 50);
  await seen.reach(50);
  expect((await relay()).scan_floor).toBeLessThan(highest);
  open.resolve();
  await late;
  expect((await seen.reach(51)).at(-1)).toBe(1_000);
});

it('positions have no gaps, also where transactions rolled back', async () => {
  const { head } = await relay();
  const database = replica.database.forPlugin('crm');
  for (let number = 0; number < 20; number += 1) {
    await database
      .transaction(async (tx) => {
        tx.emit(counted, { number });
        // Fails at COMMIT, after the event took its number.
        if (number % 2 === 0) await tx.query('select 1 / 0').catch(() => undefined);
      })
      .catch(() => undefined);
  }
  await seen.reach(61);
  const { items } = await replica.bus.history.query({ after_position: head, order: 'ascending' }, []);
  expect(items.map((event) => event.position)).toEqual(items.map((_, index) => head + 1 + index));
});

it('the scan of the outbox moves on while a snapshot is held, which keeps vacuum from its rows', async () => {
  const open = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const reader = replica.database.core().transaction(
    async (tx) => {
      await tx.query('select count(*) from core.events');
      reading.resolve();
      await open.promise;
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  await reading.promise;
  const { highest } = await relay();
  await until(async () => {
    await emit(0, 5);
    const now = await relay();
    return now.scan_floor > highest && now.outbox === 0;
  });
  open.resolve();
  await reader;
});
