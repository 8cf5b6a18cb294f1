import type { Log } from '@orchestrall/sdk';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { withTimeLimit } from '../time-limit.ts';
import type { ClaimedJob, Sql } from './running/claim.ts';

/** How a run ended: `retried` waits for another attempt, `released` was given back, `lost` had its end refused. */
export type RunStatus = 'completed' | 'failed' | 'cancelled' | 'retried' | 'released' | 'lost';

/** Counts the runs of one process. */
export interface JobMetrics {
  /** A run has ended after so many seconds. */
  ran(job: Pick<ClaimedJob, 'plugin' | 'name'>, status: RunStatus, seconds: number): void;
}

/** A scrape does not wait longer for the depth of the queue, which is then left out. */
const readLimitMs = 2_000;
const ends: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'cancelled']);
const priorities = Array.from({ length: 10 }, (_, priority) => priority);

/**
 * `orch_tasks_total{core_id,status}` and `orch_task_duration_seconds{core_id,status}` of the runs of this process;
 * `core_id` is `<plugin>.<kind of job>`, so that the series are bounded by the code. `orch_task_queue_depth{priority}`
 * is read of the database when metrics are asked for: the same on every replica.
 */
export function createJobMetrics(
  registry: Registry,
  { sql, log }: { readonly sql: Sql; readonly log: Log },
): JobMetrics {
  const total = new Counter({
    name: 'orch_tasks_total',
    help: 'Jobs that this process brought to their end',
    labelNames: ['core_id', 'status'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'orch_task_duration_seconds',
    help: 'Seconds that runs of jobs took',
    labelNames: ['core_id', 'status'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600],
    registers: [registry],
  });
  const depth = queueDepth(sql);
  registry.registerMetric(
    new Gauge({
      name: 'orch_task_queue_depth',
      help: 'Jobs of all replicas that are due and wait for a run',
      labelNames: ['priority'],
      registers: [],
      async collect() {
        this.reset();
        try {
          const waiting = await depth();
          for (const priority of priorities) {
            this.set({ priority: String(priority) }, waiting.get(priority) ?? 0);
          }
        } catch (error) {
          log.warn({ error }, 'the depth of the queue of jobs could not be read');
        }
      },
    }),
  );
  return {
    ran({ plugin, name }, status, seconds) {
      const labels = { core_id: `${plugin}.${name}`, status };
      if (ends.has(status)) total.inc(labels);
      duration.observe(labels, seconds);
    },
  };
}

/** Reads once for all who ask meanwhile, and rejects after the limit. */
function queueDepth(sql: Sql): () => Promise<ReadonlyMap<number, number>> {
  let reading: Promise<ReadonlyMap<number, number>> | undefined;
  const read = async (): Promise<ReadonlyMap<number, number>> => {
    const rows = await sql.query<{ priority: number; waiting: number }>(
      `select priority, count(*) as waiting from core.jobs
      where run_at <= now() and (leased_until is null or leased_until < now()) group by priority`,
    );
    return new Map(rows.map(({ priority, waiting }) => [priority, waiting]));
  };
  const join = (): Promise<ReadonlyMap<number, number>> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return () => withTimeLimit(readLimitMs, `the database did not answer within ${readLimitMs} ms`, join);
}
