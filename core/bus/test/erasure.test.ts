import { defineEvent } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { eraseEventItemsStatement, eraseEventsStatement } from '../erasure.ts';
import { findEvents } from '../history/find-events.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const written = defineEvent('note.written', Type.Object({ text: Type.String() }));

let server: TestDatabase;
let replica: Replica;
const failing = createCollector<string>();
beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  replica = await startReplica(server.connection);
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('what was erased is nowhere in the history, reaches no handler, and leaves no gap', async () => {
  const { api } = await activate(replica, createOwner('crm'), [written], (bus) => {
    bus.on(
      written,
      async (event) => {
        failing.add(event.data.text);
        throw new Error(`cannot take ${event.data.text}`);
      },
      { name: 'failing', attempts: 8, backoffMs: 60_000 },
    );
  });
  for (const text of ['planted one', 'kept', 'planted two']) {
    await api.emit(written, { text }, { subject: text === 'kept' ? 'b' : 'a' });
  }
  await until(async () => (await replica.bus.statistics()).head === 3);
  await failing.reach(2);

  const core = replica.database.core();
  const { sql, parameters } = eraseEventsStatement('/plugins/crm', ['a']);
  await core.query(sql, parameters);

  for (const table of ['outbox', 'events', 'dead_letters', 'deliveries']) {
    const found = await core.query(`select 1 from core.${table} as kept where kept::text like '%planted%'`);
    expect(found, table).toEqual([]);
  }
  const { items } = await replica.bus.history.query({}, []);
  expect(items.map(({ position, type, subject, data }) => ({ position, type, subject, data }))).toEqual([
    { position: 3, type: 'event.erased', subject: 'a', data: { type: 'note.written' } },
    { position: 2, type: 'note.written', subject: 'b', data: { text: 'kept' } },
    { position: 1, type: 'event.erased', subject: 'a', data: { type: 'note.written' } },
  ]);
  const handled = createCollector<Event>();
  await activate(replica, createOwner('reader'), [], (bus) => {
    bus.on('**', async (event, tx) => tx.afterCommit(() => handled.add(event)), {
      name: 'late',
      from: 'start',
    });
  });
  await handled.reach(1);
  await api.emit(written, { text: 'last' }, { subject: 'c' });
  await handled.reach(2);
  expect(handled.items.map(({ position }) => position)).toEqual([2, 4]);
});

test('a stream that resumes reads what the history holds now, not what memory held', async () => {
  // The database tells every replica, this one too; until it is heard, memory may still hold what was.
  await until(async () => {
    const seen: unknown[] = [];
    const options = { pattern: '**', after: 0, principals: new Set<string>() };
    for await (const item of replica.bus.openStream(options)) {
      if (item.kind === 'event') seen.push(item.event.data);
      if (seen.length === 4) break;
    }
    return !JSON.stringify(seen).includes('planted');
  });
});

test('events are found by subject and by text wherever they stand, those of others never, and erased one by one', async () => {
  const core = replica.database.core();
  const source = '/plugins/finder';
  const { api } = await activate(replica, createOwner('finder'), [written], () => {});
  const other = await activate(replica, createOwner('stranger'), [written], () => {});
  await other.api.emit(written, { text: 'Needle of another' }, { subject: 'n' });
  for (const [subject, text] of [
    ['n', 'about it'],
    ['m', 'names a NEEDLE too'],
    ['m', 'neither'],
  ] as const) {
    await api.emit(written, { text }, { subject });
  }
  const find = async (search: { subjects?: string[]; pattern?: string }) => {
    const { subjects = [], pattern } = search;
    return Array.fromAsync(findEvents(core, source, { subjects, pattern }));
  };
  const both = await find({ subjects: ['n'], pattern: 'needle' });
  expect(new Map(both.map(({ id, content }) => [id, content])).values().toArray()).toEqual([
    { text: 'about it' },
    { text: 'names a NEEDLE too' },
  ]);
  expect(await find({ pattern: 'haystack' })).toEqual([]);
  const { sql, parameters } = eraseEventItemsStatement(
    source,
    both.map(({ id }) => id),
  );
  await core.query(sql, parameters);
  expect(await find({ subjects: ['n', 'm'], pattern: 'needle' })).toMatchObject([
    { content: { text: 'neither' } },
  ]);
  const left = await core.query(`select data from core.events where source = '/plugins/stranger'
    union all select data from core.outbox where source = '/plugins/stranger'`);
  expect(JSON.stringify(left)).toContain('Needle of another');
});
