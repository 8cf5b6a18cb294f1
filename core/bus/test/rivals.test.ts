import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { activate, busMigrations, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';
import { allHandled, prepareLoad, readEffects, startWorker } from './kill-harness.ts';
import type { Worker } from './kill-harness.ts';

const recorded = defineEvent('load.recorded', Type.Object({ key: Type.Integer(), number: Type.Integer() }));
const keys = 5;
const perKey = 300;

let server: TestDatabase;
let writer: Replica;
const workers = new Map<string, Worker>();

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  writer = await startReplica(server.connection, { replica: 'writer' });
});
afterEach(async () => {
  for (const worker of workers.values()) await worker[Symbol.asyncDispose]();
});
afterAll(async () => {
  await writer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

let started = 0;
async function startRival(): Promise<void> {
  started += 1;
  const replica = `rival-${started}`;
  const task = { connection: server.connection, keys: 0, perKey: 0, failing: 0.01, leaseMs: 1_000, replica };
  workers.set(replica, await startWorker(task));
}

async function holder(): Promise<string | undefined> {
  const [row] = await writer.database
    .core()
    .query<{ holder: string | null }>(`select holder from core.subscriptions where owner = 'load'`);
  return row?.holder ?? undefined;
}

it('of two processes that race for one outbox and one subscription, the one that holds it can be killed again and again', async () => {
  const load = await prepareLoad(writer);
  const registration = await activate(writer, createOwner('load'), [recorded]);
  await Promise.all([startRival(), startRival()]);
  const writing = Promise.all(
    Array.from({ length: keys }, async (_, key) => {
      for (let number = 1; number <= perKey; number += 1) {
        await load.transaction(async (tx) => {
          await tx.query('insert into sources (key, number) values ($1, $2)', [key, number]);
          tx.emit(recorded, { key, number }, { subject: `k${key}` });
        });
      }
    }),
  );
  const killed: string[] = [];
  while (killed.length < 3) {
    await until(async () => workers.has((await holder()) ?? ''));
    const name = (await holder()) ?? '';
    const worker = workers.get(name);
    if (worker === undefined) continue;
    workers.delete(name);
    await worker[Symbol.asyncDispose]();
    killed.push(name);
    await startRival();
  }
  await writing;
  await until(() => allHandled(load, keys * perKey), 60_000);
  expect(await readEffects(load, writer)).toEqual({
    written: keys * perKey,
    lost: 0,
    doubled: 0,
    reordered: 0,
    deadLetters: 0,
  });
  expect(killed).not.toContain(await holder());
  await registration[Symbol.asyncDispose]();
}, 120_000);
