import type { AppError, Job, Transaction, TransactionOptions } from '@orchestrall/sdk';
import { jsonText } from '../../database/json-text.ts';
import { coreError } from '../../errors.ts';
import { withScope } from '../../telemetry/scope.ts';
import type { ClaimedJob, Sql } from './claim.ts';
import { maxPayloadBytes } from '../new-job.ts';
import type { JobsOptions } from '../ports.ts';
import type { Lane } from './lane.ts';
import { scopeOfJob } from './job-scope.ts';

/** Why a run was told to stop before its handler ended. */
export type Cut = 'cancelled' | 'lease_lost' | 'stopped' | 'timeout';

/** One claimed job in this process. */
export interface Run {
  readonly claimed: ClaimedJob;
  readonly lane: Lane;
  /** Undefined while the run may go on. */
  readonly cut: Cut | undefined;
  /** Progress not yet written; another object for each report. */
  progress: { done: number; total: number | undefined } | undefined;
  /** When the lease was last known to be renewed: the monotonic time before that statement was sent. */
  renewedAtMs: number;
  /** Aborts the handler's signal; only the first cut counts. */
  stop(cut: Cut): void;
  /** Calls the handler; rejects as it does, and resolves with whether it returned before it was told to stop. */
  call(): Promise<boolean>;
  /** Resolves when the handler has ended and what came of it is written. */
  ended: Promise<void>;
}

/** Makes the run of a claimed job; nothing happens until `call`. */
export function createRun(
  options: Pick<JobsOptions, 'database'>,
  lane: Lane,
  claimed: ClaimedJob,
  claimedAtMs: number,
): Run {
  const controller = new AbortController();
  let cut: Cut | undefined;
  /** Progress never goes back within a run. */
  let done = 0;
  const run: Run = {
    claimed,
    lane,
    get cut() {
      return cut;
    },
    progress: undefined,
    ended: Promise.resolve(),
    renewedAtMs: claimedAtMs,
    stop(reason) {
      if (cut !== undefined) return;
      cut = reason;
      // A handler's listener that throws does so in whatever scope the signal is aborted.
      const { plugin, generation } = lane.owner;
      withScope({ ...scopeOfJob(claimed), plugin, generation }, () =>
        controller.abort(cutError(reason, claimed, lane)),
      );
    },
    call: () =>
      withScope(scopeOfJob(claimed), () =>
        lane.owner.run('job', async () => {
          await lane.handler(job);
          return cut === undefined;
        }),
      ),
  };
  const job: Job = {
    id: claimed.id,
    payload: claimed.payload,
    attempt: claimed.attempt,
    fence: claimed.fence,
    saved: claimed.saved ?? undefined,
    signal: controller.signal,
    transaction: (work, transactionOptions) =>
      transaction(options, run, controller.signal, work, transactionOptions),
    progress: (given, total) => {
      done = Math.max(done, wholeCount(claimed, 'done', given));
      run.progress = { done, total: total === undefined ? undefined : wholeCount(claimed, 'total', total) };
    },
  };
  return run;
}

/** Progress of all runs is written together: what PostgreSQL refuses of one would keep every job from its end. */
function wholeCount({ name }: ClaimedJob, field: 'done' | 'total', given: number): number {
  const whole = Math.trunc(given);
  if (Number.isSafeInteger(whole)) return whole;
  throw coreError('JOB_INVALID', {
    name,
    reason: `its progress: ${field} is ${given} and must be a safe number`,
  });
}

async function transaction<Result>(
  { database }: Pick<JobsOptions, 'database'>,
  run: Run,
  signal: AbortSignal,
  work: (tx: Transaction, checkpoint: (saved: unknown) => void) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  const { claimed, lane } = run;
  let saved: { readonly value: unknown } | undefined;
  const strict = options.isolation !== undefined && options.isolation !== 'read committed';
  const scoped = claimed.plugin === 'core' ? database.core() : database.forPlugin(claimed.plugin);
  return scoped.transaction(
    async (tx) => {
      signal.throwIfAborted();
      saved = undefined;
      return work(tx, (value) => {
        saved = { value };
      });
    },
    {
      ...options,
      // A stricter isolation would fail on any heartbeat since its snapshot: there the row is locked from the start.
      ...(strict && { opening: (core: Sql) => keep(core, lane, claimed) }),
      closing: async (core) => {
        signal.throwIfAborted();
        await keep(core, lane, claimed, saved);
      },
    },
  );
}

async function keep(
  sql: Sql,
  lane: Lane,
  claimed: ClaimedJob,
  saved?: { readonly value: unknown },
): Promise<void> {
  const checkpoint = saved === undefined ? null : checkpointText(claimed, saved.value);
  const [row] = await sql.query<{ held: boolean }>(
    'select core.keep_job($1, $2, $3, $4, $5, $6::jsonb) as held',
    [claimed.plugin, claimed.id, claimed.fence, lane.settings.leaseMs, saved !== undefined, checkpoint],
  );
  if (row?.held !== true) throw cutError('lease_lost', claimed, lane);
}

function checkpointText({ name }: ClaimedJob, value: unknown): string {
  const json = jsonText(value ?? null, maxPayloadBytes);
  if ('problem' in json) throw coreError('JOB_INVALID', { name, reason: `its checkpoint: ${json.problem}` });
  return json.text;
}

/** The error a cut run's signal carries as its reason. */
export function cutError(cut: Cut, { id, fence, plugin }: ClaimedJob, lane: Lane): AppError {
  return coreError(cutCodes[cut], { id, fence, plugin, timeoutMs: lane.settings.timeoutMs });
}

const cutCodes = {
  cancelled: 'JOB_CANCELLED',
  lease_lost: 'JOB_LEASE_LOST',
  stopped: 'JOB_STOPPED',
  timeout: 'JOB_TIMEOUT',
} as const;
