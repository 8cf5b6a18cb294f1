import type { Clock, Log } from '@orchestrall/sdk';
import type { Registry } from 'prom-client';
import type { DatabaseEngine } from '../database/engine.ts';
import type { EngineTransaction } from '../database/transaction.ts';

/** A job that has just ended, for events. */
export interface EndedJob {
  readonly id: string;
  readonly plugin: string;
  readonly name: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly attempt: number;
  readonly error_code: string | null;
  readonly error: string | null;
}

/** What the jobs engine is built from. */
export interface JobsOptions {
  readonly database: Pick<DatabaseEngine, 'core' | 'forPlugin' | 'listen'>;
  readonly log: Log;
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /**
   * Told of jobs in the transaction that ends them; `emitEndedJobs` emits their events. Without it nothing is told,
   * and an ending costs one statement.
   */
  readonly emitEnded?: (tx: EngineTransaction, jobs: readonly EndedJob[]) => void;
  /** Longest time until work is found of which no wake-up told; default 500 ms. */
  readonly pollMs?: number;
  /** Where `orch_task_*` and `orch_lock*` are registered; default nowhere. */
  readonly metrics?: Registry;
  /** How long ended jobs are kept; default 30 days. */
  readonly retentionDays?: number;
}
