import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import type { Bus } from '@orchestrall/sdk';
import type { Registration } from '../../telemetry/owner.ts';
import type { StreamItem, StreamOptions } from '../streams.ts';
import { activate, busMigrations, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const created = defineEvent('contact.created', Type.Object({ number: Type.Integer() }));
const progressed = defineEvent('import.progressed', Type.Object({ number: Type.Integer() }));

let server: TestDatabase;
let replica: Replica;
let plugin: Registration<Bus>;

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
});
afterEach(async () => {
  await replica[Symbol.asyncDispose]();
});
afterAll(() => server[Symbol.asyncDispose]());

async function start(): Promise<void> {
  replica = await startReplica(server.connection);
  plugin = await activate(replica, createOwner('crm'), [created, progressed]);
}

async function emit(from: number, to: number, visibleTo?: readonly string[]): Promise<void> {
  for (let number = from; number < to; number += 1) {
    await plugin.api.emit(created, { number }, visibleTo === undefined ? {} : { visibleTo });
  }
}

/** Reads items until there are `count`, or the stream ends. */
async function read(count: number, options: Partial<StreamOptions> = {}): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  for await (const item of replica.bus.openStream({ pattern: '**', principals: new Set(), ...options })) {
    items.push(item);
    if (items.length === count) break;
  }
  return items;
}

const numberOf = (item: StreamItem | undefined): unknown =>
  item?.kind === 'event' ? Object(item.event.data).number : item?.kind;
const positionOf = (item: StreamItem | undefined): number =>
  item?.kind === 'event' ? (item.event.position ?? -1) : -1;

describe('openStream()', () => {
  it('resumes behind a position and goes on live, with nothing missed or doubled', async () => {
    await start();
    await emit(0, 30);
    const first = await read(10, { after: 0 });
    const writing = emit(30, 60);
    const rest = await read(50, { after: positionOf(first.at(-1)) });
    await writing;
    expect([...first, ...rest].map(numberOf)).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it('resumes from the history what memory no longer holds', async () => {
    await start();
    const after = (await replica.bus.statistics()).oldest - 1;
    const items = await read(60, { after });
    expect(items.map(numberOf)).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it('says so when the position is older than the retention, and goes on live', async () => {
    await start();
    const { head } = await replica.bus.statistics();
    await replica.database.core().query('update core.relay set oldest = 10');
    const reading = read(2, { after: 3 });
    await until(() => emit(100, 101).then(() => true));
    expect(await reading).toEqual([
      { kind: 'reset', position: head, oldest: 10 },
      expect.objectContaining({ kind: 'event' }),
    ]);
    await replica.database.core().query('update core.relay set oldest = 1');
  });

  it('says so when the retention overtakes a reader that is on its way through the history', async () => {
    await start();
    const { head: begin } = await replica.bus.statistics();
    await Promise.all(
      Array.from({ length: 600 }, (_, number) =>
        plugin.api.emit(created, { number }, { visibleTo: ['late'] }),
      ),
    );
    await until(() => replica.bus.position === begin + 600);
    await replica[Symbol.asyncDispose]();
    // One that has just started remembers nothing, and reads 500 at a time.
    await start();
    const stream = replica.bus.openStream({ pattern: '**', principals: new Set(['late']), after: begin });
    const items = stream[Symbol.asyncIterator]();
    for (let number = 0; number < 500; number += 1) expect(numberOf((await items.next()).value)).toBe(number);
    await replica.database.core().query('update core.relay set oldest = head - 10');
    expect((await items.next()).value).toEqual({
      kind: 'reset',
      position: begin + 600,
      oldest: begin + 590,
    });
    await items.return?.();
    await replica.database.core().query('update core.relay set oldest = 1');
  });

  it('resets a position that was never given', async () => {
    await start();
    const [item] = await read(1, { after: 1_000_000 });
    expect(item?.kind).toBe('reset');
  });

  it('shows an event only to the roles it names', async () => {
    await start();
    const admin = read(2, { principals: new Set(['admin']) });
    const viewer = read(1, { principals: new Set(['viewer']) });
    await emit(200, 201, ['admin', 'operator']);
    await emit(201, 202);
    expect((await admin).map(numberOf)).toEqual([200, 201]);
    expect((await viewer).map(numberOf)).toEqual([201]);
  });

  it('carries broadcasts, filters by pattern and ends with its signal', async () => {
    await start();
    const abort = new AbortController();
    const reading = read(10, { pattern: 'import.*', signal: abort.signal });
    await emit(300, 301);
    plugin.api.broadcast(progressed, { number: 1 });
    plugin.api.broadcast(progressed, { number: 2 });
    await until(() => new Promise((resolve) => setImmediate(() => resolve(true))));
    abort.abort();
    const items = await reading;
    expect(items.map(numberOf)).toEqual([1, 2]);
    expect(items.every((item) => positionOf(item) === -1)).toBe(true);
  });

  it('cuts a reader that does not take its broadcasts, and says why', async () => {
    await start();
    const iterator = replica.bus.openStream({ pattern: '**', principals: new Set() })[Symbol.asyncIterator]();
    const first = iterator.next();
    for (let number = 0; number < 300; number += 1) plugin.api.broadcast(progressed, { number });
    expect(numberOf((await first).value)).toBe(0);
    const kinds: unknown[] = [];
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      kinds.push(next.value.kind);
    }
    expect(kinds.at(-1)).toBe('end');
    expect(kinds.length).toBeLessThan(300);
  });

  it('ends open streams with a reason when the bus stops', async () => {
    await start();
    const reading = read(10);
    await replica.bus.stop();
    expect(await reading).toEqual([{ kind: 'end', reason: 'server_shutdown' }]);
  });
});
