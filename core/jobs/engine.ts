import type { Jobs } from '@orchestrall/sdk';
import { Registry } from 'prom-client';
import type { EnqueuePort } from '../database/effects.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import { createDispatcher, createLanes } from './running/dispatcher.ts';
import { createEndings } from './running/endings.ts';
import { createEnqueuePort, enqueueStatement } from './enqueue.ts';
import { execute } from './running/execute.ts';
import { createHeartbeat } from './running/heartbeat.ts';
import { createHistory } from './history.ts';
import type { JobHistory } from './history.ts';
import { createJobMetrics } from './job-metrics.ts';
import { newJob } from './new-job.ts';
import type { JobsOptions } from './ports.ts';
import { createProgressWriter } from './running/progress.ts';
import { createRegistration } from './registration.ts';
import { createRun } from './running/run.ts';
import type { Run } from './running/run.ts';
import { createSchedules } from './schedules/schedules.ts';
import { stopRuns } from './running/stop-runs.ts';
import { sweepJobs } from './sweep.ts';
import { createWakeUp, jobsChannel } from './running/wake-up.ts';

/** Background work of all plugins in this process. */
export interface JobsEngine extends AsyncDisposable {
  /** Begins to claim, to fire schedules and to hear other replicas. */
  start(): Promise<void>;
  /** Jobs of one generation; handlers and schedules take effect with `activate`. */
  forPlugin(owner: Owner): Registration<Jobs>;
  /** Stores jobs that a transaction enqueues; given to `database.connectEffects`. */
  readonly enqueuePort: EnqueuePort;
  readonly history: JobHistory;
  /** Deletes all jobs and schedules of a plugin, ended or not. */
  purge(plugin: string): Promise<void>;
}

const sweepEveryMs = 600_000;

/**
 * Builds the engine; nothing runs before `start`.
 * Disposing it cuts what still runs, gives the jobs back and waits for both; dispose registrations first.
 */
export function createJobs(options: JobsOptions): JobsEngine {
  const { database, log, pollMs = 500, retentionDays = 30 } = options;
  const runs = new Set<Run>();
  const lanes = createLanes();
  const heartbeat = createHeartbeat(options, runs);
  const progress = createProgressWriter(options, runs);
  const wakeUp = createWakeUp(options);
  const ending = new AbortController();
  const metrics = createJobMetrics(options.metrics ?? new Registry(), { sql: database.core(), log });
  const services = { ...options, metrics, end: createEndings(options), progress, ended: ending.signal };

  const dispatcher = createDispatcher(options, lanes, (lane, claimed, claimedAtMs) => {
    const run = createRun(options, lane, claimed, claimedAtMs);
    runs.add(run);
    lane.runs.add(run);
    heartbeat.planned();
    run.ended = execute(services, run)
      .catch((error: unknown) => log.error({ error, job_id: claimed.id }, 'a job could not be run'))
      .finally(() => {
        runs.delete(run);
        lane.runs.delete(run);
        dispatcher.wake();
      });
  });
  const enqueued = (): void => {
    dispatcher.wake();
    wakeUp.tell();
  };
  const schedules = createSchedules(options, enqueued);
  const history = createHistory(options, enqueued);
  const timers: NodeJS.Timeout[] = [];
  let listening: AsyncDisposable | undefined;

  return {
    history,
    enqueuePort: createEnqueuePort(enqueued),
    async start() {
      listening = await database.listen(
        jobsChannel,
        (payload) => {
          if (payload === '') dispatcher.wake();
          else heartbeat.urge(payload);
        },
        { onReconnect: 'polls' },
      );
      timers.push(setInterval(() => dispatcher.wake(), pollMs));
      timers.push(
        setInterval(() => {
          sweepJobs(database.core(), retentionDays).catch((error: unknown) =>
            log.warn({ error }, 'ended jobs could not be swept'),
          );
        }, sweepEveryMs),
      );
      schedules.start();
      dispatcher.wake();
    },
    forPlugin: (owner) =>
      createRegistration(
        {
          options,
          lanes,
          schedules,
          wake: () => dispatcher.wake(),
          async enqueue(plugin, definition, payload, given) {
            const job = newJob(definition, payload, given);
            const { sql, parameters } = enqueueStatement(plugin, [job]);
            const [kept] = await database.core().query<{ kept_id: string }>(sql, parameters);
            enqueued();
            return kept?.kept_id ?? job.id;
          },
          cancel: (id, plugin) => history.cancel(id, { plugin }),
          view: (id, plugin) => history.get(id, plugin),
        },
        owner,
      ),
    async purge(plugin) {
      await database.core().transaction(async (tx) => {
        for (const table of ['jobs', 'ended_jobs', 'job_schedules']) {
          await tx.query(`delete from core.${table} where plugin = $1`, [plugin]);
        }
      });
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      await listening?.[Symbol.asyncDispose]();
      await schedules[Symbol.asyncDispose]();
      await dispatcher.stop();
      await stopRuns(options, [...runs]);
      ending.abort();
      heartbeat[Symbol.dispose]();
      progress[Symbol.dispose]();
      wakeUp[Symbol.dispose]();
    },
  };
}
