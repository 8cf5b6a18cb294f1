import { expect, it } from 'vitest';
import { createDatabase } from '../../database/engine.ts';
import { passingError } from '../../database/errors.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { testDatabase } from '../../testing/postgres.ts';
import { createBus } from '../bus-engine.ts';
import {
  activate,
  busMigrations,
  createCollector,
  createOwner,
  silentLog,
  startReplica,
  until,
} from './fixture.ts';
import type { Replica } from './fixture.ts';
import { counted } from './stage.ts';

it('a subscription that could not be given back at once is, though its process goes on with others', async () => {
  await using server = await testDatabase({ migrations: [await busMigrations()] });
  const engine = await createDatabase({ connection: server.connection, poolSize: 8, log: silentLog });
  const core = engine.core();
  let failures = 0;
  const failing: ScopedDatabase = {
    ...core,
    async query(sql, values) {
      if (failures === 0 && typeof sql === 'string' && sql.includes('set holder = null')) {
        failures += 1;
        throw passingError('DATABASE_UNAVAILABLE');
      }
      return core.query<never>(sql, values);
    },
  };
  const database = { ...engine, core: () => failing };
  const bus = createBus({ database, log: silentLog, leaseMs: 500 });
  await bus.start();
  const left = { database, bus, [Symbol.asyncDispose]: () => bus.stop() };
  await using right = await startReplica(server.connection, { leaseMs: 500 });
  const handled = createCollector<string>();
  const listen = (place: Replica, plugin: string, name: string) =>
    activate(place, createOwner(plugin), [counted], (api) => {
      api.on(counted, async (event, tx) => tx.afterCommit(() => handled.add(`${name} ${event.data.number}`)));
    });
  const holders = async () => (await bus.statistics()).subscriptions.map((one) => one.replica);
  await using staying = await listen(left, 'staying', 'staying');
  const moving = await listen(left, 'moving', 'left');
  await until(async () => (await holders()).every((holder) => holder !== null));
  await using onRight = await listen(right, 'moving', 'right');
  await moving[Symbol.asyncDispose]();
  await until(() => failures === 1);
  await onRight.api.emit(counted, { number: 1 });
  expect((await handled.reach(2)).toSorted()).toEqual(['right 1', 'staying 1']);
  await onRight[Symbol.asyncDispose]();
  await staying[Symbol.asyncDispose]();
  await bus.stop();
  await engine.close();
});
