import { isAppError } from '@orchestrall/sdk';
import type { AppError, Job, Transaction } from '@orchestrall/sdk';
import { createId } from '@orchestrall/sdk';
import { isCollision } from '@orchestrall/sdk/resources';
import { syncCompleted, syncFailed } from '../../contract.ts';
import type { RecordSource } from '../../provider.ts';
import type { SyncParts } from '../../sync/load.ts';
import { runSync } from '../../sync/run.ts';
import type { SyncFailure } from '../../sync/run.ts';
import { sqlState } from '../../sync/sql-state.ts';
import type { SyncStore } from '../../sync/state.ts';
import { holdConnection, noteOutage } from '../connection.ts';
import type { Planner } from '../mapping/planner.ts';
import { teamsOfOwners } from '../owners.ts';
import type { ExchangeOptions } from '../ports.ts';
import { openRecords } from '../target/record-target.ts';
import { targetsOf } from '../target/target-kinds.ts';
import { enqueueSync, syncDueJob, syncJobOptions } from './jobs.ts';
import { answerRequests } from './requests.ts';
import type { RunFailure } from './run.ts';
import { Tally, counted, told } from './run-state.ts';
import type { Counts } from './run-state.ts';
import { addCounts, endRun, forgetOld, insertRun, lockOpenRun, markRunning } from './run-store.ts';
import type { OpenRun, RunEnding } from './run-store.ts';

type SyncJob = Job<object>;

/** The run was ended from outside while a step was under way; the step is undone. */
class RunEnded extends Error {}

const attemptsOfStep = 4;
const firstPauseMs = 60_000;
const longestPauseMs = 1_800_000;

/** Name under which records that are taken in are written. */
const actorOf = (provider: string) => ({ id: provider, name: provider });

/**
 * Makes the handler of the job: carries out the open run or a new one. Every step is a transaction of the job, so that a
 * run that is cut anywhere goes on where it was. An outage of the outside system ends the job and lets the run wait, as
 * long as it asked for or, without that, for a minute and then longer each time, up to half an hour.
 */
export function createRunHandler(
  options: ExchangeOptions,
  planner: Planner,
): (job: SyncJob) => Promise<void> {
  return async (job) => {
    const run = await begin(options, job);
    if (run === undefined) return;
    try {
      const failures = await carryOut(options, planner, job, run);
      await conclude(job, run, endingOf(failures));
    } catch (error) {
      if (error instanceof RunEnded) return;
      job.signal.throwIfAborted();
      const fault = isAppError(error) && isOutside(error) ? error : undefined;
      if (fault?.status === 503) await wait(options, job, run, fault);
      else if (fault !== undefined) await conclude(job, run, failed(fault.code, fault.message));
      else if (job.attempt < syncJobOptions.attempts) throw error;
      else await conclude(job, run, failed('UNEXPECTED', messageOf(error)));
    }
  };
}

/** Undefined while the outside system is to be left alone. */
async function begin({ config, outside }: ExchangeOptions, job: SyncJob): Promise<OpenRun | undefined> {
  return job.transaction(async (tx, checkpoint) => {
    checkpoint({ step: 'begun' });
    const open = await lockOpenRun(tx);
    const waits = await connectionWaits(tx, outside.address);
    if (waits) return undefined;
    const run = open ?? (await insertRun(tx, false, undefined));
    // What is loaded anew is forgotten once: a run that is taken up again goes on with its load.
    if (run.is_load && run.status === 'queued') await tx.query('delete from sync_cursors');
    await markRunning(tx, run.id, job.id);
    await forgetOld(tx, config.retention_days);
    return run;
  });
}

async function connectionWaits(tx: Transaction, address: string): Promise<boolean> {
  const statement =
    'select from sync_connection where address = $1 and wait_until > clock_timestamp() for update';
  return (await tx.query(statement, [address])).length > 0;
}

async function carryOut(
  options: ExchangeOptions,
  planner: Planner,
  job: SyncJob,
  run: OpenRun,
): Promise<readonly SyncFailure[]> {
  const { outside, config } = options;
  await job.transaction(async (tx) => holdConnection(tx, outside));
  const provider = outside.open(job.signal);
  const plans = await planner.plans(provider, run.is_load);
  const tally = new Tally();
  const parts: SyncParts = {
    source: countedSource(provider.source, tally),
    store: openStore(options, job, run, tally),
    createId,
    overlapMs: config.overlap_seconds * 1_000,
    signal: job.signal,
  };
  await answerRequests(parts, plans, job);
  const failures = await runSync(parts, plans);
  // What was written outside last is counted.
  await parts.store.transaction(async () => undefined);
  return failures;
}

/** Steps as transactions of the job, which end a run that was cancelled; two that collide are one after the other. */
function openStore(
  { scope, outside, directory }: ExchangeOptions,
  job: SyncJob,
  run: OpenRun,
  tally: Tally,
): SyncStore {
  const teamOf = teamsOfOwners(directory);
  let steps = 0;
  let done = 0;
  return {
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        const pending = tally.take();
        const step = new Tally();
        try {
          const result = await job.transaction(async (tx, checkpoint) => {
            steps += 1;
            checkpoint({ step: steps });
            const targets = await targetsOf(scope, tx);
            const records = openRecords({ tx, targets, teamOf, by: actorOf(outside.provider) });
            const unit = { ...counted(records, step), ...told(sqlState(tx), tx, step) };
            const outcome = await work(unit);
            const counts = sum(pending, step.take());
            if (!(await addCounts(tx, run.id, counts))) throw new RunEnded();
            done +=
              counts.records_created + counts.records_updated + counts.records_deleted + counts.records_given;
            return outcome;
          });
          job.progress(done);
          return result;
        } catch (error) {
          for (const [name, count] of entriesOf(pending)) tally.add(name, count);
          if (attempt === attemptsOfStep || !isCollision(error)) throw error;
        }
      }
    },
  };
}

function sum(a: Counts, b: Counts): Counts {
  return {
    records_created: a.records_created + b.records_created,
    records_updated: a.records_updated + b.records_updated,
    records_deleted: a.records_deleted + b.records_deleted,
    records_given: a.records_given + b.records_given,
    records_rejected: a.records_rejected + b.records_rejected,
    conflicts: a.conflicts + b.conflicts,
  };
}

function entriesOf(counts: Counts): [keyof Counts, number][] {
  return [
    ['records_created', counts.records_created],
    ['records_updated', counts.records_updated],
    ['records_deleted', counts.records_deleted],
    ['records_given', counts.records_given],
    ['records_rejected', counts.records_rejected],
    ['conflicts', counts.conflicts],
  ];
}

function countedSource(source: RecordSource, tally: Tally): RecordSource {
  return {
    ...source,
    async update(object, updates) {
      const results = await source.update(object, updates);
      tally.add('records_given', results.filter(({ outcome }) => outcome === 'written').length);
      return results;
    },
    async create(object, keyField, creations) {
      const results = await source.create(object, keyField, creations);
      tally.add('records_given', results.filter(({ outcome }) => outcome === 'written').length);
      return results;
    },
  };
}

/** The outside system's own errors, and what keeps it from being asked; those of the appliance are tried again. */
function isOutside({ code }: AppError): boolean {
  return !/^(?:DATABASE|STORAGE|JOB|CONSTRAINT|SERIALIZATION)_/.test(code);
}

function endingOf(failures: readonly SyncFailure[]): RunEnding {
  const refused = failures.map(({ object, error }): RunFailure => {
    return { object, code: isAppError(error) ? error.code : 'UNEXPECTED', reason: messageOf(error) };
  });
  const [first] = refused;
  if (first === undefined) return { status: 'completed' };
  const list = refused.map(({ object, reason }) => `${object}: ${reason}`).join('; ');
  return { ...failed(first.code, list), failures: refused };
}

function failed(code: string, error: string): RunEnding {
  return { status: 'failed', code, error };
}

async function conclude(job: SyncJob, run: OpenRun, ending: RunEnding): Promise<void> {
  await job.transaction(async (tx) => {
    await noteOutage(tx, null);
    const counts = await endRun(tx, run.id, ending);
    if (counts === undefined) return;
    const options = { subject: run.id, visibleTo: ['admin'] };
    const data = { run_id: run.id, ...counts };
    const { code, error } = ending;
    if (code === undefined) tx.emit(syncCompleted, data, options);
    else tx.emit(syncFailed, { ...data, code, reason: error ?? code }, options);
  });
}

async function wait(
  { log, now }: ExchangeOptions,
  job: SyncJob,
  run: OpenRun,
  fault: AppError,
): Promise<void> {
  const until = await job.transaction(async (tx) => {
    const [connection] = await tx.query<{ outages: number }>(
      'select outages from sync_connection for update',
    );
    const growing = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(connection?.outages ?? 0, 10));
    const asked = fault.details['retry_after_ms'];
    const pauseMs = Math.max(growing, typeof asked === 'number' ? asked : 0);
    const waitUntil = new Date(now().getTime() + pauseMs);
    await noteOutage(tx, waitUntil);
    const ending = { status: 'waiting', code: fault.code, error: fault.message, waitUntil } as const;
    if ((await endRun(tx, run.id, ending)) === undefined) return undefined;
    tx.enqueue(syncDueJob, {}, { runAt: waitUntil });
    return waitUntil;
  });
  if (until !== undefined) log.warn({ code: fault.code, until: until.toISOString() }, 'the exchange waits');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The handler of `syncDueJob`. */
export async function startDue(job: SyncJob): Promise<void> {
  await job.transaction(async (tx) => void enqueueSync(tx));
}
