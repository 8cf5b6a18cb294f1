import Type from 'typebox';
import { defineEvent } from '@orchestrall/sdk';
import type { Event } from '@orchestrall/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { withScope } from '../../telemetry/scope.ts';
import type { HistoryQuery } from '../history/history.ts';
import { activate, busMigrations, createCollector, createOwner, startReplica, until } from './fixture.ts';
import type { Replica } from './fixture.ts';

const created = defineEvent('contact.created', Type.Object({ number: Type.Integer() }));
const busy = defineEvent('busy.written', Type.Object({ number: Type.Integer() }));
const buried = defineEvent('hope.buried', Type.Object({ number: Type.Integer() }));
const closed = defineEvent('deal.closed', Type.Object({ number: Type.Integer() }));

let server: TestDatabase;
let replica: Replica;
const handled = createCollector<number>();

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  replica = await startReplica(server.connection);
  const { api } = await activate(replica, createOwner('crm'), [created, closed], (bus) => {
    bus.on(created, async (event, tx) => tx.afterCommit(() => handled.add(event.data.number)), {
      name: 'all',
    });
  });
  for (let number = 0; number < 10; number += 1) {
    await withScope({ correlationId: `request-${number % 3}` }, () =>
      api.emit(created, { number }, { subject: `c${number % 2}` }),
    );
  }
  await api.emit(closed, { number: 10 }, { visibleTo: ['admin'] });
  await until(async () => (await replica.bus.statistics()).head === 11);
  await handled.reach(10);
});
afterAll(async () => {
  await replica[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function numbers(query: HistoryQuery, roles: readonly string[] = []): Promise<unknown[]> {
  const { items } = await replica.bus.history.query(query, roles);
  return items.map((event) => Object(event.data).number);
}

/** The numbers of all pages, or of the first `most` events. */
async function pages(query: HistoryQuery, most = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await replica.bus.history.query(
      { ...query, ...(cursor === undefined ? {} : { cursor }) },
      [],
    );
    seen.push(...page.items.map((event) => Object(event.data).number));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && seen.length < most);
  return seen;
}

describe('the history', () => {
  it('is queried by type, subject, correlation, time and position, newest first', async () => {
    expect(await numbers({ pattern: 'contact.*', limit: 3 })).toEqual([9, 8, 7]);
    expect(await numbers({ subject: 'c1' })).toEqual([9, 7, 5, 3, 1]);
    expect(await numbers({ correlation_id: 'request-0', order: 'ascending' })).toEqual([0, 3, 6, 9]);
    expect(await numbers({ after_position: 3, before_position: 6 })).toEqual([4, 3]);
    expect(await numbers({ until: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await numbers({ since: '2020-01-01T00:00:00Z' })).toHaveLength(10);
  });

  it('is paged by a cursor that neither skips nor repeats', async () => {
    const seen: Event[] = [];
    let cursor: string | undefined;
    do {
      const page = await replica.bus.history.query(
        { limit: 4, ...(cursor === undefined ? {} : { cursor }) },
        [],
      );
      seen.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.map((event) => event.position)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('shows what names roles to those roles only', async () => {
    expect(await numbers({ pattern: 'deal.*' }, ['viewer'])).toEqual([]);
    expect(await numbers({ pattern: 'deal.*' }, ['viewer', 'admin'])).toEqual([10]);
    const [deal] = (await replica.bus.history.query({ pattern: 'deal.*' }, ['admin'])).items;
    await expect(replica.bus.history.get(deal?.id ?? '', ['viewer'])).rejects.toMatchObject({
      code: 'EVENT_NOT_FOUND',
    });
    expect(await replica.bus.history.get(deal?.id ?? '', ['admin'])).toEqual(deal);
  });

  it('refuses faulty queries with the field named', async () => {
    await expect(replica.bus.history.query({ limit: 0 }, [])).rejects.toMatchObject({
      code: 'EVENT_QUERY_INVALID',
      details: { faults: [expect.objectContaining({ path: '/limit' })] },
    });
    await expect(replica.bus.history.query({ since: '2026-13-45T00:00:00Z' }, [])).rejects.toMatchObject({
      code: 'EVENT_QUERY_INVALID',
    });
    for (const field of ['since', 'until'] as const) {
      for (const value of ['2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '2026-01-01T00:00:00+23:59']) {
        await expect(replica.bus.history.query({ [field]: value }, []), value).rejects.toMatchObject({
          code: 'EVENT_QUERY_INVALID',
          details: { faults: expect.arrayContaining([expect.objectContaining({ path: `/${field}` })]) },
        });
      }
    }
    for (const field of ['after_position', 'before_position'] as const) {
      await expect(replica.bus.history.query({ [field]: 2 ** 63 }, [])).rejects.toMatchObject({
        details: { faults: [expect.objectContaining({ path: `/${field}` })] },
      });
    }
    await expect(replica.bus.history.query({ cursor: 'x' }, [])).rejects.toMatchObject({
      code: 'EVENT_CURSOR_INVALID',
    });
    await expect(replica.bus.history.query({ pattern: 'A' }, [])).rejects.toMatchObject({
      code: 'EVENT_PATTERN_INVALID',
    });
    await expect(replica.bus.history.get('x', [])).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' });
  });

  it('is counted by type and hour, with the lag of each subscription', async () => {
    await until(async () => (await replica.bus.statistics()).subscriptions[0]?.lag === 0);
    expect(await replica.bus.statistics()).toEqual({
      head: 11,
      oldest: 1,
      unstamped: 0,
      by_type: [
        { type: 'contact.created', count: 10 },
        { type: 'deal.closed', count: 1 },
      ],
      by_hour: expect.arrayContaining([
        { hour: expect.stringMatching(/:00:00\.000Z$/), count: expect.any(Number) },
      ]),
      subscriptions: [
        {
          plugin: 'crm',
          subscription: 'all',
          pattern: 'contact.created',
          cursor: 11,
          lag: 0,
          replica: expect.any(String),
          parked: 0,
          dead_letters: 0,
        },
      ],
    });
  });

  it('is replayed to one subscription, by id or by stretch, though it had handled the events', async () => {
    const page = await replica.bus.history.query({ pattern: 'contact.created', order: 'ascending' }, []);
    const subscription = { plugin: 'crm', subscription: 'all' };
    expect(await replica.bus.replay(subscription, { event_ids: [page.items[4]?.id ?? ''] })).toBe(1);
    expect((await handled.reach(11)).at(-1)).toBe(4);
    expect(await replica.bus.replay(subscription, { from_position: 9, to_position: 11 })).toBe(2);
    expect(new Set((await handled.reach(13)).slice(-2))).toEqual(new Set([8, 9]));
    await expect(
      replica.bus.replay({ plugin: 'crm', subscription: 'none' }, { event_ids: [] }),
    ).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' });
    await expect(
      replica.bus.replay(subscription, { event_ids: ['01900000-0000-7000-8000-000000000009'] }),
    ).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' });
  });

  it('loses what is older than the retention, but nothing that a subscription in use has still to handle', async () => {
    const core = replica.database.core();
    await core.query(`update core.events set time = now() - interval '31 days' where position <= 6`);
    await core.query(
      `insert into core.subscriptions (owner, name, pattern, cursor_position) values ('late', 'late', '**', 4)`,
    );
    expect(await replica.bus.trim()).toBe(4);
    expect((await replica.bus.statistics()).oldest).toBe(5);
    await core.query(
      `update core.subscriptions set seen_at = now() - interval '40 days' where owner = 'late'`,
    );
    expect(await replica.bus.trim()).toBe(2);
    expect((await replica.bus.statistics()).oldest).toBe(7);
    expect(await numbers({ order: 'ascending' })).toEqual([6, 7, 8, 9]);
  });

  it('keeps a dead letter beyond the retention until it is replayed or discarded', async () => {
    const core = replica.database.core();
    const broken = { now: true };
    const registration = await activate(replica, createOwner('grave'), [buried], (bus) => {
      bus.on(
        buried,
        async (event, tx) => {
          if (broken.now) throw new Error('not yet');
          tx.afterCommit(() => handled.add(event.data.number));
        },
        { name: 'grave', attempts: 1 },
      );
    });
    for (const number of [100, 101])
      await registration.api.emit(buried, { number }, { subject: `${number}` });
    const dead = async () => (await replica.bus.deadLetters.list({ plugin: 'grave' })).items;
    await until(async () => (await dead()).length === 2);
    await core.query(`update core.events set time = now() - interval '31 days'`);
    // They are of different keys, so either may have died first.
    const letters = await dead();
    const [first, second] = ['100', '101'].map((subject) =>
      letters.find((letter) => letter.subject === subject),
    );
    await until(async () => {
      await replica.bus.trim();
      return (await replica.bus.statistics()).oldest > Math.max(...letters.map(({ position }) => position));
    });
    broken.now = false;
    const before = handled.items.length;
    expect(await replica.bus.deadLetters.replay([first?.id ?? 0])).toBe(1);
    expect((await handled.reach(before + 1)).at(-1)).toBe(100);
    expect(await replica.bus.deadLetters.discard([second?.id ?? 0])).toBe(1);
    await registration[Symbol.asyncDispose]();
  });

  it('is paged without gap or repetition while events are written, in both orders and under each condition', async () => {
    const registration = await activate(replica, createOwner('busy'), [busy]);
    const emit = (number: number) =>
      withScope({ correlationId: 'busy' }, () => registration.api.emit(busy, { number }, { subject: 'b' }));
    for (let number = 0; number < 40; number += 1) await emit(number);
    await until(async () => (await numbers({ pattern: 'busy.*', limit: 1 }))[0] === 39);
    const writing = { on: true, next: 40 };
    const writer = (async () => {
      while (writing.on) {
        await emit(writing.next);
        writing.next += 1;
      }
    })();
    const since = new Date(Date.now() - 3_600_000).toISOString();
    for (const condition of [
      { pattern: 'busy.*' },
      { subject: 'b' },
      { correlation_id: 'busy' },
      { pattern: '**.written', since },
    ]) {
      const newest = await pages({ ...condition, limit: 3 });
      expect(newest.length).toBeGreaterThanOrEqual(40);
      expect(newest.toReversed()).toEqual(newest.map((_, index) => index));
      const oldest = await pages({ ...condition, limit: 3, order: 'ascending' }, 40);
      expect(oldest).toEqual(oldest.map((_, index) => index));
    }
    writing.on = false;
    await writer;
    await registration[Symbol.asyncDispose]();
  });
});
