import { setTimeout as pause } from 'node:timers/promises';
import Type from 'typebox';
import { AppError, defineEvent } from '@orchestrall/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { activate, busMigrations, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const recorded = defineEvent('load.recorded', Type.Object({ key: Type.Integer(), number: Type.Integer() }));
const keys = 5;
const perKey = 150;

let server: TestDatabase;
let replica: Replica;

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()], plugins: ['load'] });
  replica = await startReplica(server.connection);
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Writes one row and its event, again and again until it is known to be there. */
async function write(key: number, number: number): Promise<void> {
  for (;;) {
    try {
      await replica.database.forPlugin('load').transaction(async (tx) => {
        await tx.query('insert into sources (key, number) values ($1, $2)', [key, number]);
        tx.emit(recorded, { key, number }, { subject: `k${key}` });
      });
      return;
    } catch (error) {
      // The answer to an earlier COMMIT was lost, but the commit was not.
      if (error instanceof AppError && error.code === 'CONSTRAINT_VIOLATED') return;
      if (!(error instanceof AppError) || error.code !== 'DATABASE_UNAVAILABLE') throw error;
      await pause(5);
    }
  }
}

it('connections that break under load lose nothing, double nothing and keep the order of keys', async () => {
  const database = replica.database.forPlugin('load');
  await database.query('create table sources (key integer, number integer, primary key (key, number))');
  await database.query('create table effects (at bigserial primary key, key integer, number integer)');
  await activate(replica, createOwner('load'), [recorded], (bus) => {
    bus.on(recorded, async (event, tx) => {
      await tx.query('insert into effects (key, number) values ($1, $2)', [
        event.data.key,
        event.data.number,
      ]);
    });
  });
  const writing = { done: false };
  const writers = Promise.all(
    Array.from({ length: keys }, async (_, key) => {
      for (let number = 1; number <= perKey; number += 1) await write(key, number);
    }),
  ).finally(() => {
    writing.done = true;
  });
  let cuts = 0;
  while (!writing.done && cuts < 12) {
    await pause(Math.random() * 80);
    if ((await server.cutConnections()) > 0) cuts += 1;
  }
  await writers;
  await until(async () => {
    const [row] = await database
      .query<{ count: number }>('select count(*) as count from effects')
      .catch(() => []);
    return row !== undefined && row.count >= keys * perKey;
  });
  const effects = await database.query<{ key: number; number: number }>(
    'select key, number from effects order by at',
  );
  const expected = Array.from({ length: perKey }, (_, index) => index + 1);
  for (let key = 0; key < keys; key += 1) {
    expect(effects.filter((one) => one.key === key).map((one) => one.number)).toEqual(expected);
  }
  expect(cuts).toBeGreaterThan(0);
  expect((await replica.bus.deadLetters.list()).items).toEqual([]);
});
