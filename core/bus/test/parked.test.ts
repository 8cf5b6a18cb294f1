import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../database/engine.ts';
import { passingError } from '../../database/errors.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import { testDatabase } from '../../testing/postgres.ts';
import { createBus } from '../bus-engine.ts';
import { activate, busMigrations, createCollector, createOwner, silentLog, until } from './fixture.ts';
import { counted, startStage } from './stage.ts';
import type { Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.switchOff());
afterAll(() => stage[Symbol.asyncDispose]());

describe('a key with a parked event', () => {
  it('goes on with an event that was read while the last parked one was handled', async () => {
    const handled = createCollector<number>();
    const retrying = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let attempts = 0;
    await stage.switchOn(createOwner('parking'), [counted], (bus) => {
      bus.on(
        counted,
        async (event, tx) => {
          if (event.data.number === 0) {
            attempts += 1;
            if (attempts === 1) throw new Error('not yet');
            retrying.resolve();
            await goOn.promise;
          }
          tx.afterCommit(() => handled.add(event.data.number));
        },
        { backoffMs: 5 },
      );
    });
    const database = stage.replica.database.forPlugin('parking');
    const emit = (number: number): Promise<string> =>
      database.transaction(async (tx) => tx.emit(counted, { number }, { subject: 'one' }));
    await emit(0);
    await retrying.promise;
    await emit(1);
    await until(() => stage.replica.bus.position === 2);
    goOn.resolve();
    expect(await handled.reach(2)).toEqual([0, 1]);
    await emit(2);
    expect(await handled.reach(3)).toEqual([0, 1, 2]);
  });

  it.each([
    { attempts: 2, ends: 'is handled', effects: [0, 1], letters: 0 },
    { attempts: 1, ends: 'stays a dead letter', effects: [1], letters: 1 },
  ])('$ends once, though the answer to the count of its failure was lost', async (expected) => {
    await using server = await testDatabase({ migrations: [await busMigrations()] });
    const engine = await createDatabase({ connection: server.connection, poolSize: 8, log: silentLog });
    const core = engine.core();
    let lost = 0;
    const forgetful: ScopedDatabase = {
      ...core,
      async query(sql, values) {
        const rows = await core.query<never>(sql, values);
        if (lost > 0 || typeof sql !== 'string' || !sql.includes('fail_delivery')) return rows;
        lost += 1;
        throw passingError('DATABASE_UNAVAILABLE');
      },
    };
    const database = { ...engine, core: () => forgetful };
    const bus = createBus({ database, log: silentLog });
    await bus.start();
    const handled = createCollector<number>();
    let attempts = 0;
    await using plugin = await activate(
      { database, bus, async [Symbol.asyncDispose]() {} },
      createOwner('lossy'),
      [counted],
      (api) => {
        api.on(
          counted,
          async (event, tx) => {
            if (event.data.number === 0 && (attempts += 1) === 1) throw new Error('not yet');
            tx.afterCommit(() => handled.add(event.data.number));
          },
          { attempts: expected.attempts, backoffMs: 5 },
        );
      },
    );
    for (const number of [0, 1]) await plugin.api.emit(counted, { number }, { subject: 'one' });
    expect(await handled.reach(expected.effects.length)).toEqual(expected.effects);
    const counts = async () => (await bus.statistics()).subscriptions[0];
    await until(async () => (await counts())?.parked === 0 && (await counts())?.cursor === 2);
    expect(lost).toBe(1);
    expect(handled.items).toEqual(expected.effects);
    expect(await counts()).toMatchObject({ dead_letters: expected.letters });
    await plugin[Symbol.asyncDispose]();
    await bus.stop();
    await engine.close();
  });
});
