import type { Static } from 'typebox';
import type { Answer } from './answer.ts';
import type { EmitOptions, EventDefinition } from './events.ts';
import type { AuditEntry } from './audit.ts';
import type { HistoryItem } from './history.ts';
import type { EnqueueOptions, JobDefinition } from './jobs.ts';

/** SQL with its values, as Kysely's `compile()` gives it. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Rows as the driver returns them: `bigint` as number, `numeric` as text, `timestamptz` as Date, `jsonb` parsed. */
export type Row = Record<string, unknown>;

/** What events and audit entries are about. */
export interface HistorySubject {
  /** `subjectType` of its audit entries. */
  readonly type: string;
  /** `subject` of its events and `subjectId` of its audit entries. */
  readonly id: string;
}

/**
 * Work inside one database transaction, with the plugin's role and search path.
 * Emitted events, audit entries and enqueued jobs are written with the commit and vanish with a rollback.
 * `Emitted` are the events that may be emitted; in a plugin's own context those that its manifest declares.
 */
export interface Transaction<Emitted extends EventDefinition = EventDefinition> {
  /** Runs one statement with `$1` placeholders and returns its rows. */
  query<Result extends object = Row>(sql: string | Statement, values?: readonly unknown[]): Promise<Result[]>;
  /** Runs work under a savepoint: if it throws, only its writes, events, audit entries and jobs are undone. */
  savepoint<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Emits an event with the commit.
   * Throws `EVENT_INVALID` when the data do not fit the definition and `EVENT_NOT_DECLARED` when the
   * manifest does not list it; returns the event's id.
   */
  emit<Definition extends Emitted>(
    definition: Definition,
    data: Static<Definition['data']>,
    options?: EmitOptions,
  ): string;
  /** Writes an audit entry with the commit; who, when and from where are added by the core. */
  audit(entry: AuditEntry): void;
  /** Enqueues a job with the commit; returns the job's id. Throws `JOB_INVALID` when the payload does not fit. */
  enqueue<Definition extends JobDefinition>(
    definition: Definition,
    payload: Static<Definition['payload']>,
    options?: EnqueueOptions,
  ): string;
  /**
   * Keeps the answer of the HTTP request under way with the commit, so that a repeat of the request gets it again and
   * nothing is done twice; the last one given wins. Give it in the transaction that completes the change, and send what
   * this returns: `sendAnswer(reply, tx.answer(...))`. Nothing is kept outside a request, on a route without
   * `config.idempotent`, when the caller sent no `Idempotency-Key`, and for a status from 400. Kept for 24 hours; a body
   * of more than 256 KiB of JSON is left out. Never give a secret that is shown once. Throws a `TypeError` for a status
   * outside 200 to 599, a header that HTTP cannot carry and a body that is no JSON.
   */
  answer<Given extends Answer>(answer: Given): Given;
  /**
   * Forgets with the commit the bodies of all answers kept for this plugin, as an erasure must. Repeats still change
   * nothing; they are answered without a body.
   */
  forgetAnswers(): void;
  /**
   * Takes with the commit everything that the core keeps of these subjects' content, as an erasure must: the data of this
   * plugin's events about them, in the history, on their way and among dead letters, become `event.erased` and reach no
   * handler any more; audit entries about them keep who did what and when, and lose `before` and `after` but for their
   * digests. What this transaction itself emits and audits stays. At most 10,000 subjects.
   */
  eraseHistory(subjects: readonly HistorySubject[]): void;
  /** Takes the content of single events and audit entries of this plugin likewise; at most 10,000. */
  eraseHistoryItems(items: readonly Pick<HistoryItem, 'kind' | 'id'>[]): void;
  /** Calls back once the transaction has committed; an error in it is logged, never thrown. */
  afterCommit(work: () => void): void;
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** Default `read committed`. `serializable` and `repeatable read` are retried up to 5 times on conflict. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Refuses writes; default false. */
  readonly readOnly?: boolean;
  /** Longest run of one statement, milliseconds; default `database.timeout` of the client's YAML. */
  readonly timeoutMs?: number;
}

/**
 * The plugin's own schema in PostgreSQL. Every statement runs with the plugin's role, so that the tables of
 * others and of the core are out of reach.
 * Throws `DATABASE_UNAVAILABLE` (503), `DATABASE_TIMEOUT` (503), `STORAGE_FULL` (507).
 */
export interface Database<Emitted extends EventDefinition = EventDefinition> {
  /** Runs work in one transaction: commits its result, rolls back when it throws. */
  transaction<Result>(
    work: (tx: Transaction<Emitted>) => Result | Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /** Runs one statement in a transaction of its own. */
  query<Result extends object = Row>(sql: string | Statement, values?: readonly unknown[]): Promise<Result[]>;
  /** Streams rows through a cursor at constant memory; `batchSize` rows a fetch, default 500. */
  stream<Result extends object = Row>(
    sql: string | Statement,
    values?: readonly unknown[],
    options?: { readonly batchSize?: number },
  ): AsyncIterable<Result>;
}
