import { renew, stillHeld } from './claim.ts';
import { Outage } from '../../resilience/outage.ts';
import { withoutScope } from '../../telemetry/scope.ts';
import type { JobsOptions } from '../ports.ts';
import type { Run } from './run.ts';

/** Keeps the leases of this process. */
export interface Heartbeat extends Disposable {
  /** Plans the next beat anew; call it when runs have been added. */
  planned(): void;
  /** Beats for one job now, since something was asked of it. */
  urge(id: string): void;
}

/** Not longer after each failure, since leases run out meanwhile. */
const retryMs = 250;

/**
 * Renews each run's lease at a third of its length, all that are due in one statement. A run whose job was taken
 * or has ended is cut, and so is one whose lease ran out without an answer of the database: by then another may
 * hold the job. Time is this process's monotonic clock, counted from before each renewal was sent.
 */
export function createHeartbeat(
  { database, clock, log }: Pick<JobsOptions, 'database' | 'clock' | 'log'>,
  runs: ReadonlySet<Run>,
): Heartbeat {
  const urgent = new Set<string>();
  /** Runs whose job is no longer theirs; one that was cut before keeps that as its reason, and goes on until it ends. */
  const lapsed = new WeakSet<Run>();
  let timer: NodeJS.Timeout | undefined;
  let beating = false;
  const outage = new Outage({ firstPauseMs: retryMs });
  let stopped = false;
  let earliestRetryMs = 0;

  const holding = () => [...runs].filter((run) => run.cut !== 'timeout' && !lapsed.has(run));
  const lapse = (run: Run): void => {
    lapsed.add(run);
    run.stop('lease_lost');
  };

  const plan = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    const nowMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const run of holding()) {
      const { leaseMs } = run.lane.settings;
      const expiresMs = run.renewedAtMs + leaseMs;
      const dueMs = beating ? expiresMs : Math.max(run.renewedAtMs + leaseMs / 3, earliestRetryMs);
      nextMs = Math.min(nextMs, dueMs, expiresMs);
    }
    if (urgent.size > 0 && !beating) nextMs = nowMs;
    if (nextMs === Number.POSITIVE_INFINITY) return;
    timer = withoutScope(() => setTimeout(tick, Math.max(0, nextMs - nowMs)));
  };

  const tick = (): void => {
    const nowMs = clock.monotonicMs();
    const due: Run[] = [];
    for (const run of holding()) {
      const ageMs = nowMs - run.renewedAtMs;
      if (ageMs >= run.lane.settings.leaseMs) lapse(run);
      else if (ageMs >= run.lane.settings.leaseMs / 3 || urgent.has(run.claimed.id)) due.push(run);
    }
    // While one beat is under way, what is urgent waits for the next.
    if (!beating) urgent.clear();
    if (due.length > 0 && !beating) void beat(due, nowMs);
    else plan();
  };

  const beat = async (due: readonly Run[], sentAtMs: number): Promise<void> => {
    beating = true;
    // Planned at once as well, so that leases run out in time even while the database does not answer.
    plan();
    try {
      await renewAll(due, sentAtMs);
      outage.passed();
    } catch (error) {
      earliestRetryMs = clock.monotonicMs() + retryMs;
      outage.failed(() => log.warn({ error, jobs: due.length }, 'leases could not be renewed'));
    } finally {
      beating = false;
      plan();
    }
  };

  const renewAll = async (due: readonly Run[], sentAtMs: number): Promise<void> => {
    const core = database.core();
    const holds = due.map(({ claimed, lane }) => ({ ...holdOf(claimed), leaseMs: lane.settings.leaseMs }));
    const renewed = new Map((await renew(core, holds)).map((row) => [row.id, row]));
    const missing = due.filter((run) => !renewed.has(run.claimed.id) && runs.has(run));
    for (const run of due) {
      const row = renewed.get(run.claimed.id);
      if (row === undefined) continue;
      run.renewedAtMs = sentAtMs;
      if (row.cancel_requested) run.stop('cancelled');
    }
    if (missing.length === 0) return;
    const held = await stillHeld(
      core,
      missing.map((run) => holdOf(run.claimed)),
    );
    for (const run of missing) {
      if (!held.has(run.claimed.id) && runs.has(run)) lapse(run);
    }
    if (held.size > 0) earliestRetryMs = clock.monotonicMs() + retryMs;
  };

  return {
    planned: plan,
    urge(id) {
      urgent.add(id);
      plan();
    },
    [Symbol.dispose]() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function holdOf({ id, fence }: { readonly id: string; readonly fence: number }): {
  id: string;
  fence: number;
} {
  return { id, fence };
}
