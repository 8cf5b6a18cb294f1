import { defineEvent } from '@orchestrall/sdk';
import Type from 'typebox';
import type { EngineTransaction } from '../database/transaction.ts';
import type { EndedJob } from './ports.ts';

const ended = {
  id: Type.String(),
  plugin: Type.String(),
  name: Type.String(),
  attempt: Type.Integer({ minimum: 0 }),
};

/** A job has completed; its subject is the job's id. */
export const jobCompleted = defineEvent('job.completed', Type.Object(ended));

/** A job has failed for good; its subject is the job's id. */
export const jobFailed = defineEvent(
  'job.failed',
  Type.Object({
    ...ended,
    error_code: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([Type.String(), Type.Null()]),
  }),
);

/** Emits the events of ended jobs with the commit that ends them; cancelled ones have none. */
export function emitEndedJobs(tx: EngineTransaction, jobs: readonly EndedJob[]): void {
  for (const { status, error_code, error, ...job } of jobs) {
    if (status === 'completed') tx.emit(jobCompleted, job, { subject: job.id });
    if (status === 'failed') tx.emit(jobFailed, { ...job, error_code, error }, { subject: job.id });
  }
}
