// Events from the commit of their transaction through outbox, relay and history to a durable handler in a
// transaction of its own, on an embedded PostgreSQL with durability on, writer and handler in one process.
import { setTimeout as pause } from 'node:timers/promises';
import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import { activate, createOwner, startReplica, startServer } from '../test/fixture.ts';
import { median, percentile, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const contactChanged = defineEvent(
  'contact.changed',
  Type.Object({ id: Type.String(), email: Type.String(), sent: Type.Number() }),
);

await using server = await startServer(true);
await using replica = await startReplica(server.connection, { poolSize: 24 });
const latencies: number[] = [];
let handled = 0;
let reached: { count: number; resolve: () => void } | undefined;
const registration = await activate(replica, createOwner('crm'), [contactChanged], (bus) => {
  bus.on(contactChanged, async (event) => {
    latencies.push(performance.now() - (committedAt.get(event.data.id) ?? event.data.sent));
    handled += 1;
    if (handled === reached?.count) reached.resolve();
  });
});
const database = replica.database.forPlugin('crm');
const committedAt = new Map<string, number>();

function whenHandled(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  reached = { count: handled + count, resolve };
  return promise;
}

async function write(first: number, events: number): Promise<void> {
  await database.transaction(async (tx) => {
    for (let index = first; index < first + events; index += 1) {
      const data = { id: `c${index}`, email: 'ann@example.com', sent: performance.now() };
      tx.emit(contactChanged, data, { subject: `contact-${index % 1_000}` });
    }
    tx.afterCommit(() => {
      const now = performance.now();
      for (let index = first; index < first + events; index += 1) committedAt.set(`c${index}`, now);
    });
  });
}

/** All events as fast as they go; events per second from the first write to the last handler. */
async function throughput(total: number, perTransaction: number, writers: number): Promise<number> {
  committedAt.clear();
  const done = whenHandled(total);
  const begun = performance.now();
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < total) {
      const first = next;
      next += perTransaction;
      await write(first, perTransaction);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  await done;
  return (total / (performance.now() - begun)) * 1_000;
}

/** `bus.emit` by many at a time, each event for itself. */
async function emitted(total: number, emitters: number): Promise<number> {
  committedAt.clear();
  const done = whenHandled(total);
  const begun = performance.now();
  let next = 0;
  const emitter = async (): Promise<void> => {
    while (next < total) {
      const index = next;
      next += 1;
      const data = { id: `c${index}`, email: 'ann@example.com', sent: performance.now() };
      await registration.api.emit(contactChanged, data, { subject: `contact-${index % 1_000}` });
    }
  };
  await Promise.all(Array.from({ length: emitters }, emitter));
  await done;
  return (total / (performance.now() - begun)) * 1_000;
}

/** One event a transaction at an even rate; milliseconds from commit to handler. */
async function latency(total: number, perSecond: number): Promise<{ p50: number; p99: number }> {
  committedAt.clear();
  latencies.length = 0;
  const done = whenHandled(total);
  const begun = performance.now();
  const writes: Promise<void>[] = [];
  for (let index = 0; index < total; index += 1) {
    const wait = begun + (index * 1_000) / perSecond - performance.now();
    if (wait > 1) await pause(wait);
    writes.push(write(index, 1));
  }
  await Promise.all([...writes, done]);
  return { p50: median(latencies), p99: percentile(latencies, 99) };
}

await throughput(5_000, 25, 8);
const figures = {
  many: [] as number[],
  one: [] as number[],
  emitted: [] as number[],
  p50: [] as number[],
  p99: [] as number[],
};
for (let round = 0; round < rounds; round += 1) {
  figures.many.push(await throughput(30_000, 25, 8));
  figures.one.push(await throughput(10_000, 1, 16));
  figures.emitted.push(await emitted(20_000, 200));
  const { p50, p99 } = await latency(2_000, 500);
  figures.p50.push(p50);
  figures.p99.push(p99);
}
await registration[Symbol.asyncDispose]();

const row = (name: string, ours: number, unit: string, target: string, met: boolean): BenchRow => ({
  name,
  ours,
  peer: null,
  unit,
  ratio: null,
  target,
  met,
});
const many = median(figures.many);
const p99 = median(figures.p99);
report([
  row('outbox to handler, 25 events a transaction', many, 'events/s', '>= 10,000', many >= 10_000),
  row('outbox to handler, 1 event a transaction', median(figures.one), 'events/s', 'none', true),
  row('bus.emit to handler, 200 emitters', median(figures.emitted), 'events/s', 'none', true),
  row('commit to handler at 500 events/s, p50', median(figures.p50), 'ms', 'none', true),
  row('commit to handler at 500 events/s, p99', p99, 'ms', '<= 50', p99 <= 50),
]);
