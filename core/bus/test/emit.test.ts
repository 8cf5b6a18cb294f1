import { randomBytes } from 'node:crypto';
import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { currentScope, withScope } from '../../telemetry/scope.ts';
import { EmitQueue } from '../emitter.ts';
import { toOutgoing } from '../envelope.ts';
import { createStamps } from '../event-id.ts';
import { createCollector, createOwner, until } from './fixture.ts';
import { counted, startStage } from './stage.ts';
import type { Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.switchOff());
afterAll(() => stage[Symbol.asyncDispose]());

describe('tx.emit', () => {
  it('reaches a handler in its own transaction, with position, source and trace context', async () => {
    const seen = createCollector<Event>();
    const scopes: object[] = [];
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await stage.switchOn(createOwner('path'), [counted], (bus) => {
      bus.on(counted, async (event, tx) => {
        await tx.query('insert into handled (position) values ($1)', [event.position]);
        scopes.push(currentScope());
        tx.afterCommit(() => seen.add(event));
      });
    });
    const database = stage.replica.database.forPlugin('path');
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
    expect(scopes).toEqual([expect.objectContaining({ correlationId: 'request-1', traceparent })]);
    expect(await database.query('select position from handled')).toEqual([{ position: event?.position }]);
  });

  it('emits nothing when the transaction or its savepoint rolls back', async () => {
    const seen = createCollector<number>();
    await stage.switchOn(createOwner('undone'), [counted], (bus) => {
      bus.on('contact.counted', async (event) => {
        if (event.source === '/plugins/undone') seen.add(Object(event.data).number);
      });
    });
    const database = stage.replica.database.forPlugin('undone');
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
    await stage.switchOn(createOwner('strict'), [counted]);
    const database = stage.replica.database.forPlugin('strict');
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

  it('refuses what could not be stored or indexed, by name, and hands on what others emit beside it', async () => {
    const said = defineEvent('word.said', Type.Object({ text: Type.String() }));
    const heard = createCollector<unknown>();
    const { api } = await stage.switchOn(createOwner('storable'), [said], (bus) => {
      bus.on(said, async (event) => heard.add(event.subject));
    });
    const longest = randomBytes(256).toString('hex');
    const refusals = [
      api.emit(said, { text: 'a\0b' }),
      api.emit(said, { text: 'half of a pair: \ud83d' }),
      api.emit(said, { text: 'x'.repeat(1_048_576) }),
      api.emit(said, { text: 'x' }, { subject: 'a\0b' }),
      api.emit(said, { text: 'x' }, { subject: '\ud83d' }),
      api.emit(said, { text: 'x' }, { subject: `${longest}0` }),
      api.emit(said, { text: 'x' }, { visibleTo: ['admin', 'a\0b'] }),
      api.emit(said, { text: 'x' }, { visibleTo: ['\ud83d'] }),
      api.emit(said, { text: 'x' }, JSON.parse('{"visibleTo":"admin"}')),
      api.emit(said, { text: 'x' }, { visibleTo: ['group:1'] }),
      api.emit(said, { text: 'x' }, { visibleTo: ['user:u1', 'team:'] }),
      api.emit(said, { text: 'x' }, { visibleTo: [''] }),
      api.emit(said, { text: 'x' }, { visibleTo: [`user:${longest}`] }),
      api.emit(said, { text: 'x' }, { visibleTo: Array.from({ length: 1_001 }, () => 'admin') }),
    ];
    const stored = api.emit(said, { text: 'x' }, { subject: longest });
    const [data, subject, who] = ['/data', '/subject', '/visibleTo'];
    for (const [index, path] of [
      data,
      data,
      data,
      subject,
      subject,
      subject,
      `${who}/1`,
      `${who}/0`,
      who,
      `${who}/0`,
      `${who}/1`,
      `${who}/0`,
      `${who}/0`,
      who,
    ].entries()) {
      await expect(refusals[index]).rejects.toMatchObject({
        code: 'EVENT_INVALID',
        details: { faults: [expect.objectContaining({ path })] },
      });
    }
    await stored;
    expect(await heard.reach(1)).toEqual([longest]);
  });

  it('writes large events of the same moment a few at a time, so that their text is never too long for all', async () => {
    const core = stage.replica.database.core();
    const lengths: number[] = [];
    const recording: ScopedDatabase = {
      ...core,
      query(sql, values) {
        if (typeof sql !== 'string') lengths.push(String(sql.parameters[0]).length);
        return core.query<never>(sql, values);
      },
    };
    const queue = new EmitQueue(recording, () => undefined);
    const large = defineEvent('word.shouted', Type.Object({ text: Type.String() }));
    const stamps = createStamps();
    const emit = (characters: number): Promise<string> =>
      queue.add(toOutgoing('/core/kernel', stamps(), large, { text: 'x'.repeat(characters) }, {}));
    const ids = await Promise.all(Array.from({ length: 10 }, () => emit(1_000_000)));
    expect(new Set(ids).size).toBe(10);
    expect(lengths.map((length) => Math.floor(length / 1_000_000))).toEqual([4, 4, 2]);
  });

  it('gives writers that conflict on a row positions in the order of their commits', async () => {
    await stage.switchOn(createOwner('conflict'), [counted]);
    const database = stage.replica.database.forPlugin('conflict');
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
      const page = await stage.replica.bus.history.query(
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
