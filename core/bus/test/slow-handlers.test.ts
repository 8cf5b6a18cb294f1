import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createDatabase } from '../../database/engine.ts';
import { testDatabase } from '../../testing/postgres.ts';
import { createBus } from '../bus-engine.ts';
import { activate, busMigrations, createCollector, createOwner, createRecordingLog } from './fixture.ts';
import { counted } from './stage.ts';

it('a handler that pauses within its own time limit is let finish, however short transactions may pause otherwise', async () => {
  await using server = await testDatabase({ migrations: [await busMigrations()] });
  const log = createRecordingLog();
  await using database = await createDatabase({
    connection: server.connection,
    poolSize: 8,
    log,
    idleInTransactionMs: 100,
  });
  const bus = createBus({ database, log });
  await bus.start();
  const handled = createCollector<number>();
  const replica = { database, bus, [Symbol.asyncDispose]: () => bus.stop() };
  await using plugin = await activate(replica, createOwner('patient'), [counted], (api) => {
    api.on(
      counted,
      async (event, tx) => {
        // As a call to another host does. The time itself is what is tested: five times the pause after which the
        // server would end the connection.
        await pause(500);
        await tx.query('select 1');
        tx.afterCommit(() => handled.add(event.data.number));
      },
      { timeoutMs: 60_000, attempts: 1 },
    );
  });
  await plugin.api.emit(counted, { number: 1 });
  expect(await handled.reach(1)).toEqual([1]);
  expect(log.lines).toEqual([]);
  await plugin[Symbol.asyncDispose]();
  await bus.stop();
});
