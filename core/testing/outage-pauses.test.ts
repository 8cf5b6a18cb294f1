import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { defineEvent, defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { createBus } from '../bus/bus-engine.ts';
import { busMigrations, createOwner, silentLog } from '../bus/test/fixture.ts';
import { databaseError } from '../database/errors.ts';
import type { DatabaseEngine } from '../database/engine.ts';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import { createJobs } from '../jobs/engine.ts';
import { createLocks } from '../jobs/locks/locks.ts';
import { clock, jobsMigrations } from '../jobs/test/support.ts';
import { testDatabase } from './postgres.ts';

const noted = defineEvent('crm.noted', Type.Object({}));
const greet = defineJob('greet', Type.Object({}));
const outageMs = 3_000;
/** Far below what a loop without a pause makes in a tenth of that time, far above what those with one make. */
const mostTries = 60;

/** A database that, once it is told to be silent, refuses as the pool of a silent server does: within a turn. */
function silenceable(engine: DatabaseEngine): {
  readonly database: DatabaseEngine;
  readonly outage: { silent: boolean; tries: number };
} {
  const outage = { silent: false, tries: 0 };
  const refuse = async (): Promise<void> => {
    if (!outage.silent) return;
    outage.tries += 1;
    // So that a loop without a pause is counted instead of standing in the way of everything.
    await turn();
    throw databaseError('DATABASE_UNAVAILABLE');
  };
  const guarded = (scoped: ScopedDatabase): ScopedDatabase => ({
    ...scoped,
    transaction: async (work, options) => {
      await refuse();
      return scoped.transaction(work, options);
    },
    query: async (sql, values) => {
      await refuse();
      return scoped.query(sql, values);
    },
  });
  const database: DatabaseEngine = {
    ...engine,
    core: () => guarded(engine.core()),
    forPlugin: (name) => guarded(engine.forPlugin(name)),
  };
  return { database, outage };
}

test(
  'what works in the background pauses between tries while the database refuses at once',
  { timeout: 60_000 },
  async () => {
    const migrations = [await busMigrations(), await jobsMigrations()];
    await using store = await testDatabase({ migrations, plugins: ['crm'] });
    const { database, outage } = silenceable(await store.open());
    await using bus = createBus({ database, log: silentLog });
    await bus.start();
    await using jobs = createJobs({ database, log: silentLog, clock, random: Math.random });
    database.connectEffects({ enqueue: jobs.enqueuePort });
    await jobs.start();
    await using locks = createLocks({ database, log: silentLog, clock });
    await locks.start();

    const owner = createOwner('crm');
    await using events = bus.forPlugin(owner, [noted]);
    events.api.on(noted, async () => {});
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    await using work = jobs.forPlugin(owner);
    work.api.handle(greet, async () => {
      begun.resolve();
      await goOn.promise;
    });
    work.api.schedule({ name: 'nightly', cron: '0 3 * * *' }, greet, {});
    await events.prepare();
    await work.prepare();
    events.activate();
    work.activate();
    await work.api.enqueue(greet, {});
    await begun.promise;

    outage.silent = true;
    // What ends, is emitted and is enqueued meanwhile has to be tried as well.
    goOn.resolve();
    await expect(events.api.emit(noted, {})).rejects.toThrow();
    await pause(outageMs);
    outage.silent = false;
    expect(outage.tries).toBeGreaterThan(3);
    expect(outage.tries).toBeLessThan(mostTries);
  },
);
