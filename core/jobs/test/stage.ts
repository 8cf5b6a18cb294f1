import { defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { DatabaseEngine } from '../../database/engine.ts';
import { describeOnServers, testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';
import { jobsMigrations, testEngine } from './support.ts';
import type { TestEngine } from './support.ts';

export const greet = defineJob('greet', Type.Object({ name: Type.String() }));
export const other = defineJob('other', Type.Object({}));

/** What a suite of jobs works with; only inside its tests. */
export interface Stage {
  readonly store: TestDatabase;
  readonly database: DatabaseEngine;
  /** Starts an engine that ends with the test. */
  engineOf(options?: Parameters<typeof testEngine>[1]): Promise<TestEngine>;
}

/** A suite on each kind of server, with a database of its own in which no job outlives its test. */
export function describeJobs(title: string, suite: (stage: Stage) => void): void {
  describeOnServers(title, (server) => {
    let store: TestDatabase;
    let database: DatabaseEngine;
    let started: TestEngine[] = [];

    beforeAll(async () => {
      store = await testDatabase({ server, plugins: ['crm'], migrations: [await jobsMigrations()] });
      database = await store.open();
    });
    afterEach(async () => {
      for (const engine of started) await engine[Symbol.asyncDispose]();
      started = [];
      await database.core().query('delete from core.jobs');
    });
    afterAll(() => store[Symbol.asyncDispose]());

    suite({
      get store() {
        return store;
      },
      get database() {
        return database;
      },
      async engineOf(options = {}) {
        const engine = await testEngine(database, options);
        started.push(engine);
        return engine;
      },
    });
  });
}
