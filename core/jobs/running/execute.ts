import { coreError } from '../../errors.ts';
import { backoffMs } from './backoff.ts';
import { release, retry } from './claim.ts';
import type { NamedEnding } from './endings.ts';
import { errorText } from './error-text.ts';
import type { JobMetrics, RunStatus } from '../job-metrics.ts';
import { payloadFaults } from '../new-job.ts';
import type { JobsOptions } from '../ports.ts';
import { pause } from '../../pause.ts';
import type { ProgressWriter } from './progress.ts';
import { cutError } from './run.ts';
import type { Run } from './run.ts';

/** What a run needs to be brought to its end. */
export interface ExecuteServices extends Pick<JobsOptions, 'database' | 'log' | 'random' | 'clock'> {
  readonly metrics: JobMetrics;
  readonly end: (ending: NamedEnding) => Promise<boolean>;
  readonly progress: ProgressWriter;
  /** Aborted when the engine ends: what cannot be written by then is left to the next owner of the lease. */
  readonly ended: AbortSignal;
}

const shortestRetryMs = 250;
const longestRetryMs = 5_000;

/**
 * Runs the handler and writes what came of it: completed, queued again after a pause, failed, cancelled, or given
 * back. Resolves once the handler has ended, even where the job was settled before.
 */
export async function execute(services: ExecuteServices, run: Run): Promise<void> {
  const { metrics, clock } = services;
  const beganAtMs = clock.monotonicMs();
  const count = (status: RunStatus): void =>
    metrics.ran(run.claimed, status, (clock.monotonicMs() - beganAtMs) / 1000);
  const refusal = refusalOf(run);
  if (refusal !== undefined) {
    count(await settleEnd(services, run, refusal.status, refusal.error));
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => {
      run.stop('timeout');
      resolve('timeout');
    }, run.lane.settings.timeoutMs);
  });
  const handled = run.call().then(
    (whole): Outcome => ({ whole, threw: false, error: undefined }),
    (error: unknown): Outcome => ({ whole: false, threw: true, error }),
  );
  const outcome = await Promise.race([handled, timedOut]);
  clearTimeout(timer);
  count(
    outcome === 'timeout' ? await settleTimeout(services, run) : await settleOutcome(services, run, outcome),
  );
  await handled;
}

/** Jobs that end without their handler being called. */
function refusalOf({ claimed, lane }: Run): { status: 'failed' | 'cancelled'; error?: unknown } | undefined {
  const { id, name, fence, failures, losses } = claimed;
  if (claimed.cancel_requested) return { status: 'cancelled' };
  if (losses > 0 && failures + losses >= lane.settings.attempts) {
    return { status: 'failed', error: coreError('JOB_LEASE_LOST', { id, fence: fence - 1 }) };
  }
  const faults = payloadFaults(lane.definition, claimed.payload);
  if (faults.length === 0) return undefined;
  return {
    status: 'failed',
    error: coreError('JOB_INVALID', { name, reason: 'its stored payload does not fit', faults }),
  };
}

/** How the handler ended: `whole` when it returned without having been told to stop. */
interface Outcome {
  readonly whole: boolean;
  readonly threw: boolean;
  readonly error: unknown;
}

const unfinished: Outcome = { whole: false, threw: false, error: undefined };

async function settleOutcome(
  services: ExecuteServices,
  run: Run,
  { whole, threw, error }: Outcome,
): Promise<RunStatus> {
  if (whole) return settleEnd(services, run, 'completed');
  switch (run.cut) {
    case 'lease_lost':
      return 'lost';
    case 'cancelled':
      return settleEnd(services, run, 'cancelled');
    case 'stopped':
      // Even where the handler returned: it may have given up half way, and a checkpoint makes a repeat harmless.
      return settle(services, run, 'released', async () => {
        const released = await release(services.database.core(), [run.claimed]);
        return released.has(run.claimed.id);
      });
    default:
      return threw ? settleFailure(services, run, error) : 'lost';
  }
}

async function settleTimeout(services: ExecuteServices, run: Run): Promise<RunStatus> {
  // Only the first cut counts: what was cancelled, cut or lost before stays that.
  if (run.cut !== 'timeout') return settleOutcome(services, run, unfinished);
  return settleFailure(services, run, cutError('timeout', run.claimed, run.lane));
}

async function settleFailure(services: ExecuteServices, run: Run, error: unknown): Promise<RunStatus> {
  const { claimed, lane } = run;
  const failures = claimed.failures + 1;
  const text = errorText(error);
  const last = failures + claimed.losses >= lane.settings.attempts;
  services.log.warn(
    {
      job_id: claimed.id,
      job: claimed.name,
      plugin: claimed.plugin,
      attempt: claimed.attempt,
      last,
      error,
    },
    last ? 'job failed' : 'job attempt failed',
  );
  if (last) return settleEnd(services, run, 'failed', error);
  const delayMs = backoffMs(failures, lane.settings.backoffMs, services.random);
  return settle(services, run, 'retried', () =>
    retry(services.database.core(), claimed, { delayMs, ...text }),
  );
}

function settleEnd(
  services: ExecuteServices,
  run: Run,
  status: NamedEnding['status'],
  error?: unknown,
): Promise<RunStatus> {
  return settle(services, run, status, () => services.end(ending(run, status, error)));
}

/** Writes an outcome until it is stored, refused for its fence (`write` is false then), or the lease is lost. */
async function settle(
  services: ExecuteServices,
  run: Run,
  status: RunStatus,
  write: () => Promise<boolean>,
): Promise<RunStatus> {
  for (let retryMs = shortestRetryMs; run.cut !== 'lease_lost' && !services.ended.aborted; retryMs *= 2) {
    try {
      await services.progress.flush(run);
      return (await write()) ? status : 'lost';
    } catch (error) {
      services.log.warn({ job_id: run.claimed.id, error }, 'the end of a job could not be written yet');
      await pause(Math.min(retryMs, longestRetryMs), { signal: services.ended });
    }
  }
  return 'lost';
}

function ending({ claimed }: Run, status: NamedEnding['status'], error?: unknown): NamedEnding {
  const { id, fence, plugin, name, attempt } = claimed;
  const text = error === undefined ? undefined : errorText(error);
  return { id, fence, plugin, name, attempt, status, errorCode: text?.code, error: text?.message };
}
