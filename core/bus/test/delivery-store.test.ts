import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { createDeliveryStore } from '../delivery/delivery-store.ts';
import type { DeliveryStore } from '../delivery/delivery-store.ts';
import { busMigrations } from './fixture.ts';

let server: TestDatabase;
let database: DatabaseEngine;
let store: DeliveryStore;

beforeAll(async () => {
  server = await testDatabase({ migrations: [await busMigrations()] });
  database = await server.open();
  store = createDeliveryStore(database.core());
});
afterAll(() => server[Symbol.asyncDispose]());

async function subscribe(name: string): Promise<number> {
  const [row] = await database
    .core()
    .query<{ id: number }>(
      `insert into core.subscriptions (owner, name, pattern, cursor_position) values ('crm', $1, '**', 0) returning id`,
      [name],
    );
  return row?.id ?? 0;
}

async function take(replica: string, id: number) {
  const [taken] = await store.take(replica, [id]);
  if (taken === undefined) throw new TypeError(`${replica} was not given the subscription`);
  return taken;
}

describe('a subscription that another replica has taken', () => {
  it('keeps its cursor and its inbox, whatever the one before saves late', async () => {
    const id = await subscribe('fenced');
    const before = await take('left', id);
    await store.release([before]);
    const after = await take('right', id);
    expect([...(await store.saveCursors([{ ...after, before: 0, cursor: 9 }]))]).toEqual([id]);
    expect([...(await store.saveCursors([{ ...before, before: 0, cursor: 5 }]))]).toEqual([]);
    await store.release([before]);
    const [row] = await database
      .core()
      .query('select cursor_position, holder from core.subscriptions where id = $1', [id]);
    expect(row).toEqual({ cursor_position: 9, holder: 'right' });
  });

  it('parks and counts nothing for the one before', async () => {
    const id = await subscribe('refused');
    const before = await take('left', id);
    await store.release([before]);
    await take('right', id);
    const fenced = { details: expect.objectContaining({ sqlstate: 'OR001' }) };
    await expect(store.park(before, [{ position: 1, key: 'one' }])).rejects.toMatchObject(fenced);
    const failure = {
      position: 1,
      key: 'one',
      error: 'x',
      reason: 'handler_failed',
      maxAttempts: 9,
      pauseMs: 0,
    };
    await expect(store.fail(before, failure)).rejects.toMatchObject(fenced);
    await expect(store.forget(before, 1)).rejects.toMatchObject(fenced);
  });
});

describe('a parked event', () => {
  it('may be tried at once by whoever takes the subscription, when nothing else of its key is to be tried', async () => {
    const id = await subscribe('waiting');
    await database.core().query(
      `insert into core.deliveries (subscription_id, position, key, next_at)
       values ($1, 1, 'a', null), ($1, 2, 'a', null), ($1, 3, 'b', now() + interval '1 hour'), ($1, 4, 'b', null)`,
      [id],
    );
    const taken = await take('left', id);
    expect(taken.blockedKeys).toEqual(new Set(['a', 'b']));
    expect(taken.settled).toEqual(new Set([1, 2, 3, 4]));
    expect(await store.dueKeys([id])).toEqual([{ id, key: 'a' }]);
    expect(await store.head(taken, 'a')).toMatchObject({ position: 1, due: true });
    expect(await store.head(taken, 'b')).toMatchObject({ position: 3, due: false });
  });

  it('is not parked when it was handled by a commit whose answer was lost', async () => {
    const id = await subscribe('handled');
    const taken = await take('left', id);
    await database.core().query('insert into core.inbox (subscription_id, position) values ($1, 1)', [id]);
    await store.park(taken, [
      { position: 1, key: 'a' },
      { position: 2, key: 'a' },
    ]);
    expect(await store.head(taken, 'a')).toMatchObject({ position: 2, due: true });
  });
});
