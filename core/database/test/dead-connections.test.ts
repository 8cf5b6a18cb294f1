import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { startStallingProxy } from '../../testing/stalling-proxy.ts';
import type { StallingProxy } from '../../testing/stalling-proxy.ts';
import { createDatabase } from '../engine.ts';
import { createListener } from '../listener.ts';

const log = { warn: () => undefined, error: () => undefined };

describe('a connection that is dead, which nobody says', { timeout: 60_000 }, () => {
  let store: TestDatabase;
  let proxy: StallingProxy;

  beforeEach(async () => {
    store = await testDatabase();
    proxy = await startStallingProxy(store.connection);
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test('the one that hears notifications is opened anew, and who listens is told to look', async () => {
    const listener = createListener({
      connection: proxy.connection,
      log,
      checkEveryMs: 20,
      answerLimitMs: 500,
    });
    const told = new EventEmitter();
    const back = once(told, 'back');
    await listener.listen('news', (payload) => told.emit('heard', payload), {
      onReconnect: () => told.emit('back'),
    });
    proxy.stall();
    await back;
    const heard = once(told, 'heard');
    const engine = await store.open();
    await engine.core().query("SELECT pg_notify('news', 'again')");
    expect(await heard).toEqual(['again']);
    await listener.close();
  });

  test('the one that hears notifications ends with the listener, though nothing answers the goodbye', async () => {
    const listener = createListener({ connection: proxy.connection, log, answerLimitMs: 200 });
    await listener.listen('news', () => undefined, { onReconnect: 'polls' });
    proxy.stall();
    await listener.close();
  });

  test('one that dies while it is made clean after a transaction gives its place in the pool free', async () => {
    await using engine = await createDatabase({
      connection: proxy.connection,
      log,
      poolSize: 1,
      statementTimeoutMs: 300,
      stallGraceMs: 100,
    });
    proxy.stallAt('RESET ROLE');
    await engine.core().transaction(async (tx) => {
      await tx.query("SET work_mem = '8MB'");
    });
    expect(await engine.core().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
