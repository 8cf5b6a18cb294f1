import type { Database, History, Job, Transaction } from '@orchestrall/sdk';
import type { Kinds } from '../../kinds.ts';
import type { Person } from '../person.ts';
import { eraseJob, eraseJobOptions } from './jobs.ts';
import { findErasure, saveErasure } from './store.ts';
import type { ErasureChange, StoredErasure } from './store.ts';
import { steps } from './steps.ts';

/** What an erasure works on. */
export interface EraseOptions {
  readonly database: Database;
  readonly history: History;
  readonly kinds: Kinds;
}

/** One run of an erasure's job, as its steps see it. */
export interface EraseRun extends EraseOptions {
  readonly stored: StoredErasure;
  readonly person: Person;
  readonly signal: AbortSignal;
  /**
   * Work of a step in a transaction of its own, with what is counted of it, so that a run cut anywhere neither repeats nor
   * forgets it.
   */
  readonly change: (work: (tx: Transaction) => Promise<ErasureChange>) => Promise<void>;
}

/** A step of an erasure: repeating it changes nothing. It is waited with where it says for what. */
export type EraseStep = (run: EraseRun) => Promise<{ readonly waitsFor: string } | void>;

/** Longest run of one statement, which may go through a whole table, milliseconds. */
const timeoutMs = 3_600_000;

/** How long an erasure waits for an import before it looks again, milliseconds. */
const waitMs = 5_000;

type EraseJob = Job<{ readonly erasure_id: string }>;

/** Makes the handler of the job that erases people: its steps in order, each kept as done before the next. */
export function createEraseRun(options: EraseOptions): (job: EraseJob) => Promise<void> {
  return async (job) => {
    const id = job.payload.erasure_id;
    try {
      for (;;) {
        job.signal.throwIfAborted();
        const stored = await findErasure(options.database, id);
        if (stored === undefined || stored.finished_at !== null) return;
        const step = steps[stored.done];
        if (step === undefined) return;
        if ((await runStep(options, job, stored, step)) === 'waits') return;
        job.progress(stored.done + 1, steps.length);
      }
    } catch (error) {
      job.signal.throwIfAborted();
      if (job.attempt >= eraseJobOptions.attempts) {
        await changeIn(job, id, async () => ({ status: 'failed', waitsFor: null }));
      }
      throw error;
    }
  };
}

async function runStep(
  options: EraseOptions,
  job: EraseJob,
  stored: StoredErasure,
  step: EraseStep,
): Promise<'done' | 'waits'> {
  const change: EraseRun['change'] = (work) => changeIn(job, stored.id, work);
  const person = stored.person ?? nobody;
  const waits = await step({ ...options, stored, person, signal: job.signal, change });
  if (waits !== undefined) {
    await changeIn(job, stored.id, async (tx) => {
      tx.enqueue(eraseJob, { erasure_id: stored.id }, { runAt: new Date(Date.now() + waitMs) });
      return { status: 'running', waitsFor: waits.waitsFor };
    });
    return 'waits';
  }
  await changeIn(job, stored.id, async (_tx, { done }) =>
    done === stored.done ? { done: done + 1, waitsFor: null } : {},
  );
  return 'done';
}

async function changeIn(
  job: EraseJob,
  id: string,
  work: (tx: Transaction, stored: StoredErasure) => Promise<ErasureChange>,
): Promise<void> {
  await job.transaction(
    async (tx) => {
      const stored = await findErasure(tx, id, 'for update');
      if (stored === undefined || stored.finished_at !== null) return;
      await saveErasure(tx, stored, await work(tx, stored));
    },
    { timeoutMs },
  );
}

const nobody: Person = { ids: [], about: [], parts: [], words: [], emails: [], phones: [], names: [] };
