import type { Statement } from '@orchestrall/sdk';
import { withoutScope } from '../telemetry/scope.ts';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { databaseError } from './errors.ts';
import { mapError } from './map-error.ts';
import { takeScope } from './scope.ts';
import type { Scope } from './scope.ts';
import type { Waiting } from './stall-watch.ts';

/** A statement that is parsed once per connection; use it on hot paths only. The name is unique in its scope. */
export interface NamedStatement extends Statement {
  readonly name?: string;
}

/** Commands whose effect outlives the transaction unless they are undone. */
const sessionCommands = new Set(['SET', 'RESET', 'LISTEN', 'UNLISTEN', 'DISCARD', 'LOAD']);

/** How a transaction begins. */
export interface BeginOptions {
  readonly scope: Scope;
  readonly isolation: string;
  readonly readOnly: boolean;
  readonly timeoutMs: number;
  /** Longest pause between two statements, where it is not that of the pool. */
  readonly idleMs: number | undefined;
  /** Whether that is longer than is usual, and so waited out also when the server is silent. */
  readonly patient: boolean;
  /** Told the instant, monotonic milliseconds, of each answer. */
  readonly heard: (atMs: number) => void;
  /** Shown as `application_name` while the transaction runs; at most 63 bytes. */
  readonly annotation: string | undefined;
}

/**
 * One transaction on one connection, sent without waiting for answers: BEGIN with role, search path and time
 * limit is one message, and the first statement follows it in the same round trip.
 */
export class Session implements Waiting {
  readonly #client: PoolClient;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #heard: BeginOptions['heard'];
  readonly limitMs: number;
  readonly patient: boolean;
  #progressAt = 0;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  #sessionTouched = false;

  constructor(client: PoolClient, options: BeginOptions) {
    this.#client = client;
    this.limitMs = options.timeoutMs;
    this.patient = options.patient;
    this.#heard = options.heard;
    this.#control(beginText(options));
  }

  /** Runs one statement with `$1` placeholders; several in one text are refused by the server. */
  async run(statement: NamedStatement, scope: Scope): Promise<QueryResult<Record<string, unknown>>> {
    if (this.#ended) throw databaseError('TRANSACTION_ENDED');
    const config: QueryConfig & { readonly queryMode: 'extended' } = {
      text: statement.sql,
      values: [...statement.parameters],
      queryMode: 'extended',
      ...(statement.name === undefined ? {} : { name: `${scope.schema}.${statement.name}` }),
    };
    const result = await this.#track(this.#client.query<Record<string, unknown>>(config));
    if (sessionCommands.has(result.command)) this.#sessionTouched = true;
    // With COMMIT already sent, its answer may have come as well.
    if (!this.#ended && this.#client.getTransactionStatus() === 'I') {
      this.#ended = true;
      const error = databaseError('TRANSACTION_ENDED');
      this.#failure ??= { error };
      throw error;
    }
    return result;
  }

  /** Takes another role and search path for what is sent from now on. */
  take(scope: Scope): void {
    this.#control(takeScope(scope));
  }

  /**
   * The same before COMMIT. What the owner deferred to it (constraints, triggers) is done first, since servers
   * before 18 would do it with the role of that moment.
   */
  takeForCommit(scope: Scope): void {
    this.#control(`SET CONSTRAINTS ALL IMMEDIATE; ${takeScope(scope)}`);
  }

  savepoint(name: string): void {
    this.#control(`SAVEPOINT ${name}`);
  }

  /** Undoes what came after the savepoint, a failure included. */
  async rollbackTo(name: string, failureBefore: boolean): Promise<void> {
    await this.#settle();
    if (!failureBefore) this.#failure = undefined;
    await this.#track(this.#client.query(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`));
  }

  release(name: string): void {
    this.#control(`RELEASE SAVEPOINT ${name}`);
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Waits for every answer and commits; rejects with the first failure, after which nothing was kept. */
  async commit(): Promise<void> {
    this.#ended = true;
    const [outcome] = await Promise.allSettled([this.#track(this.#client.query('COMMIT'))]);
    await this.#settle();
    if (this.#failure !== undefined) throw this.#failure.error;
    // A transaction in which something failed answers COMMIT with ROLLBACK, and no error.
    if (outcome.status === 'rejected' || outcome.value.command !== 'COMMIT') {
      throw databaseError('TRANSACTION_ENDED');
    }
  }

  async rollback(): Promise<void> {
    this.#ended = true;
    // A failure here means the connection is gone, and with it the transaction; `giveBack` sees that.
    await Promise.allSettled([this.#track(this.#client.query('ROLLBACK'))]);
    await this.#settle();
  }

  /**
   * Waits for work between the statements. Rejects when the connection is lost meanwhile, as after a pause that was too
   * long: work that never ends would keep its place in the pool for ever, with no connection behind it.
   */
  async unlessLost<Result>(work: Promise<Result>): Promise<Result> {
    const { promise: lost, reject } = Promise.withResolvers<never>();
    let reason: Error | undefined;
    const onError = (error: Error): void => {
      reason ??= error;
    };
    const onEnd = (): void => {
      // What was asked of it has failed by then and says more; work that awaits it is given the chance to.
      setImmediate(() =>
        reject(mapError(this.#failure?.error ?? reason ?? databaseError('TRANSACTION_ENDED'))),
      );
    };
    this.#client.on('error', onError).once('end', onEnd);
    try {
      return await Promise.race([work, lost]);
    } finally {
      this.#client.off('error', onError).off('end', onEnd);
    }
  }

  get waitingSince(): number | undefined {
    return this.#pending.size > 0 ? this.#progressAt : undefined;
  }

  cut(): void {
    this.#client.connection.stream.destroy();
  }

  /**
   * Returns the connection to the pool, or closes it when its state is not known. `done` is called once nothing of
   * the session is awaited any more, at once in the usual case.
   */
  giveBack(done: () => void): void {
    const client = this.#client;
    if (client.getTransactionStatus() !== 'I') {
      done();
      client.release(true);
      return;
    }
    if (!this.#sessionTouched) {
      done();
      withoutScope(() => client.release());
      return;
    }
    this.#track(client.query('RESET ROLE; RESET ALL; UNLISTEN *'))
      .then(
        () => withoutScope(() => client.release()),
        () => client.release(true),
      )
      .finally(done);
  }

  #control(text: string): void {
    // A failure is kept by `#track`, and the commit rejects with it.
    void this.#track(this.#client.query(text)).catch(() => undefined);
  }

  async #track<Result>(answer: Promise<Result>): Promise<Result> {
    if (this.#pending.size === 0) this.#progressAt = performance.now();
    this.#pending.add(answer);
    try {
      const result = await answer;
      this.#heard(performance.now());
      return result;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#pending.delete(answer);
      this.#progressAt = performance.now();
    }
  }

  async #settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }
}

function beginText(options: BeginOptions): string {
  const isolation =
    options.isolation === 'read committed' ? '' : ` ISOLATION LEVEL ${options.isolation.toUpperCase()}`;
  const access = options.readOnly ? ' READ ONLY' : '';
  const annotation =
    options.annotation === undefined ? '' : `; SET LOCAL application_name = ${quote(options.annotation)}`;
  const idle =
    options.idleMs === undefined
      ? ''
      : `; SET LOCAL idle_in_transaction_session_timeout = ${Math.round(options.idleMs)}`;
  return (
    `BEGIN${isolation}${access}; ${takeScope(options.scope)}; ` +
    `SET LOCAL statement_timeout = ${Math.max(1, Math.round(options.timeoutMs))}${idle}${annotation}`
  );
}

function quote(text: string): string {
  return `'${text.replaceAll(/[^\x20-\x7e]|['\\]/g, '').slice(0, 63)}'`;
}
