import type { Clock, Jobs, Log } from '@orchestrall/sdk';
import { fileURLToPath } from 'node:url';
import { readMigrations } from '../../database/migrate/migration.ts';
import type { MigrationSet } from '../../database/migrate/run.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { withScope } from '../../telemetry/scope.ts';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import { createJobs } from '../engine.ts';
import type { JobsEngine } from '../engine.ts';
import type { EndedJob, JobsOptions } from '../ports.ts';

/** The room's migrations, as a database is given them. */
export async function jobsMigrations(): Promise<MigrationSet> {
  const folder = fileURLToPath(new URL('../migrations', import.meta.url));
  return { owner: 'core/jobs', migrations: await readMigrations(folder, 'core/jobs') };
}

/** A log that tells nobody. */
export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The clock of the machine. */
export const clock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** A generation of a plugin that runs nothing of its own. */
export function owner(generation = 1, plugin = 'crm'): Owner {
  return {
    plugin,
    version: '1.0.0',
    generation,
    run: (_kind, work) => withScope({ plugin, generation }, work),
  };
}

/** An engine whose ends of jobs can be awaited. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: JobsEngine;
  /** Registers a generation, which is active when this resolves. */
  active(declare: (jobs: Jobs) => void, generation?: number): Promise<Registration<Jobs>>;
  /** Resolves once this engine has ended the job. */
  ended(id: string): Promise<EndedJob>;
}

/** Starts an engine on a database that several of them may share. */
export async function testEngine(
  database: DatabaseEngine,
  options: Partial<Pick<JobsOptions, 'pollMs' | 'retentionDays' | 'random'>> = {},
): Promise<TestEngine> {
  const known = new Map<string, PromiseWithResolvers<EndedJob>>();
  const ending = (id: string): PromiseWithResolvers<EndedJob> => {
    const found = known.get(id) ?? Promise.withResolvers<EndedJob>();
    known.set(id, found);
    return found;
  };
  const engine = createJobs({
    database,
    log: silent,
    clock,
    random: Math.random,
    pollMs: 100,
    emitEnded: (tx, jobs) =>
      tx.afterCommit(() => {
        for (const job of jobs) ending(job.id).resolve(job);
      }),
    ...options,
  });
  database.connectEffects({ enqueue: engine.enqueuePort });
  await engine.start();
  const registrations: Registration<Jobs>[] = [];
  return {
    engine,
    async active(declare, generation = 1) {
      const registration = engine.forPlugin(owner(generation));
      registrations.push(registration);
      declare(registration.api);
      await registration.prepare();
      registration.activate();
      return registration;
    },
    ended: (id) => ending(id).promise,
    async [Symbol.asyncDispose]() {
      for (const registration of registrations) await registration[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}
