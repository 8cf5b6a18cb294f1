import type { Static, TSchema } from 'typebox';
import type { Transaction, TransactionOptions } from './database.ts';
import type { EventDefinition } from './events.ts';

/** A kind of background work with the schema of its payload. */
export interface JobDefinition<Name extends string = string, Schema extends TSchema = TSchema> {
  readonly name: Name;
  readonly payload: Schema;
}

/** Declares a kind of job; `name` is lower case, unique within the plugin. */
export function defineJob<const Name extends string, Schema extends TSchema>(
  name: Name,
  payload: Schema,
): JobDefinition<Name, Schema> {
  return { name, payload };
}

/** When and how soon a job runs. */
export interface EnqueueOptions {
  /** 0 to 9, higher is sooner; default 1. */
  readonly priority?: number;
  /** Not before this instant; default now, by the database's clock. */
  readonly runAt?: Date;
  /** A job with this key that has not ended is returned instead of a second one. */
  readonly uniqueKey?: string;
}

/** How far a job is; the last three are its end. */
export type JobStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** One claimed run of a job, as its handler sees it. */
export interface Job<Payload = unknown, Emitted extends EventDefinition = EventDefinition> {
  readonly id: string;
  readonly payload: Payload;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Grows with every claim; a holder of an older one is refused. */
  readonly fence: number;
  /** What the last `checkpoint` saved; undefined at the first attempt. */
  readonly saved: unknown;
  /**
   * Aborted on cancel, on a lost lease, at the time limit and when the generation stops; the reason's code says which
   * (`JOB_CANCELLED`, `JOB_LEASE_LOST`, `JOB_TIMEOUT`, `JOB_STOPPED`). Throw it: a handler that ends after the abort
   * never completes its job.
   */
  readonly signal: AbortSignal;
  /**
   * A transaction that commits only while this run still holds the lease, together with its checkpoint, so
   * that a resumed run repeats nothing. Throws `JOB_LEASE_LOST`.
   */
  transaction<Result>(
    work: (tx: Transaction<Emitted>, checkpoint: (saved: unknown) => void) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Reports progress, which never goes back within a run; `total` undefined while unknown. Written at most once a second. */
  progress(done: number, total?: number): void;
}

/** How the jobs of one kind run. */
export interface JobOptions {
  /** Runs at a time in this process; default 1. */
  readonly concurrency?: number;
  /** Failed attempts in all, to which leases lost since the last checkpoint count; default 5. */
  readonly attempts?: number;
  /** First pause between attempts, doubled each time with jitter; default 1,000 ms, longest 5 min. */
  readonly backoffMs?: number;
  /** Longest run of one attempt; default 300,000 ms. */
  readonly timeoutMs?: number;
  /** Lease renewed by heartbeats at a third of it; default 15,000 ms. */
  readonly leaseMs?: number;
}

/** When a job is enqueued by itself. */
export interface Schedule {
  /** Unique within the plugin. */
  readonly name: string;
  /** Cron, five or six fields. */
  readonly cron: string;
  /** IANA zone; default `UTC`. */
  readonly timeZone?: string;
}

/** A job's state as its plugin sees it. */
export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly progress_done: number;
  readonly progress_total: number | null;
  readonly error: string | null;
}

/** Leased, fenced background work kept in PostgreSQL; it survives `kill -9` and resumes at its checkpoint. */
export interface Jobs<Emitted extends EventDefinition = EventDefinition> {
  /** Registers the handler of a kind of job; its return ends the job, a throw retries it. */
  handle<Definition extends JobDefinition>(
    definition: Definition,
    handler: (job: Job<Static<Definition['payload']>, Emitted>) => Promise<void>,
    options?: JobOptions,
  ): void;
  /** Enqueues outside a transaction; prefer `tx.enqueue`. */
  enqueue<Definition extends JobDefinition>(
    definition: Definition,
    payload: Static<Definition['payload']>,
    options?: EnqueueOptions,
  ): Promise<string>;
  /**
   * Enqueues a job at each time of the schedule, once per appliance. Times missed while the appliance was down or the
   * plugin off are one run. Throws `SCHEDULE_INVALID`.
   */
  schedule<Definition extends JobDefinition>(
    schedule: Schedule,
    definition: Definition,
    payload: Static<Definition['payload']>,
  ): void;
  /** Asks a job to stop; false when it has already ended. */
  cancel(id: string): Promise<boolean>;
  /** The job's state, or undefined when the plugin has no such job. */
  get(id: string): Promise<JobView | undefined>;
}
