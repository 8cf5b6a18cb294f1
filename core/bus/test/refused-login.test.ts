import { expect, it } from 'vitest';
import { createDatabase } from '../../database/engine.ts';
import { databaseError } from '../../database/errors.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { testDatabase } from '../../testing/postgres.ts';
import { createBus } from '../bus-engine.ts';
import { activate, busMigrations, createCollector, createOwner, silentLog } from './fixture.ts';
import { counted } from './stage.ts';

it('a login that PostgreSQL refuses meanwhile costs an event no attempt', async () => {
  await using server = await testDatabase({ migrations: [await busMigrations()] });
  await using engine = await createDatabase({ connection: server.connection, poolSize: 8, log: silentLog });
  let refusals = 0;
  const refusing = (inner: ScopedDatabase): ScopedDatabase => ({
    ...inner,
    async transaction(work, options) {
      if (refusals > 0) return inner.transaction(work, options);
      refusals += 1;
      throw databaseError('DATABASE_LOGIN_REFUSED', { reason: 'the user may not connect' });
    },
  });
  const database = { ...engine, forPlugin: (name: string) => refusing(engine.forPlugin(name)) };
  const bus = createBus({ database, log: silentLog });
  await bus.start();
  const handled = createCollector<number>();
  const replica = { database, bus, [Symbol.asyncDispose]: () => bus.stop() };
  await using plugin = await activate(replica, createOwner('welcome'), [counted], (api) => {
    api.on(counted, async (event, tx) => tx.afterCommit(() => handled.add(event.data.number)), {
      attempts: 1,
    });
  });
  await plugin.api.emit(counted, { number: 1 });
  expect(await handled.reach(1)).toEqual([1]);
  expect(refusals).toBe(1);
  expect((await bus.deadLetters.list()).items).toEqual([]);
  await plugin[Symbol.asyncDispose]();
  await bus.stop();
});
