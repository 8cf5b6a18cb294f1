import { AppError } from '@orchestrall/sdk';
import type { Database, Log, Row, TransactionOptions } from '@orchestrall/sdk';
import { setTimeout as pause } from 'node:timers/promises';
import { createEffects } from './effects.ts';
import type { EffectPorts, Effects } from './effects.ts';
import { databaseError } from './errors.ts';
import { isReadOnlyRefusal, mapError } from './map-error.ts';
import type { ConnectionPool } from './pool.ts';
import type { Scope } from './scope.ts';
import { Session } from './session.ts';
import type { NamedStatement } from './session.ts';
import type { StallWatch } from './stall-watch.ts';
import { openTransaction } from './transaction.ts';
import type { CoreStatements, EngineTransaction, OpenTransaction } from './transaction.ts';

/** Work of the core inside a transaction of a plugin, with the core's role. */
export interface TransactionHooks {
  /** Before the work; a throw rolls back. */
  readonly opening?: (core: CoreStatements) => Promise<void>;
  /** After the work and before the effects are stored; a throw rolls back. */
  readonly closing?: (core: CoreStatements) => Promise<void>;
}

/** The database as one owner sees it. */
export interface ScopedDatabase extends Database {
  readonly scope: Scope;
  transaction<Result>(
    work: (tx: EngineTransaction) => Result | Promise<Result>,
    options?: TransactionOptions & TransactionHooks,
  ): Promise<Result>;
  query<Result extends object = Row>(
    sql: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Result[]>;
}

/** What the database of one owner is made of. */
export interface ScopedDatabaseOptions {
  readonly pool: Pick<ConnectionPool, 'acquire'>;
  readonly scope: Scope;
  readonly core: Scope;
  readonly statementTimeoutMs: number;
  /** Longest pause between two statements, for who asked for no longer time limit. */
  readonly idleInTransactionMs: number;
  readonly effects: () => EffectPorts;
  readonly stalls: StallWatch;
  readonly annotate: () => string | undefined;
  readonly writesRefused: () => boolean;
  readonly log: Pick<Log, 'error'>;
}

const retries = 5;
/** Whoever keeps a time limit of its own is to meet that first, and not a connection that the server has ended. */
const idleGraceMs = 1_000;

/** The database for one owner, over the shared pool. */
export function createScopedDatabase(options: ScopedDatabaseOptions): ScopedDatabase {
  const { scope } = options;

  const open = async (
    given: TransactionOptions,
  ): Promise<{ session: Session; tx: OpenTransaction; effects: Effects }> => {
    const annotation = options.annotate();
    const client = await options.pool.acquire();
    const refused = options.writesRefused();
    const { statementTimeoutMs, stalls } = options;
    const { timeoutMs = statementTimeoutMs } = given;
    const session = new Session(client, {
      scope,
      isolation: given.isolation ?? 'read committed',
      readOnly: refused || given.readOnly === true,
      timeoutMs,
      idleMs: timeoutMs + idleGraceMs > options.idleInTransactionMs ? timeoutMs + idleGraceMs : undefined,
      patient: timeoutMs > statementTimeoutMs,
      heard: (atMs) => stalls.heard(atMs),
      annotation,
    });
    stalls.add(session);
    const effects = createEffects(options.effects(), scope);
    const explain = (error: unknown): unknown =>
      refused && isReadOnlyRefusal(error) ? databaseError('STORAGE_FULL', {}, error) : mapError(error);
    const tx = openTransaction({ session, scope, core: options.core, effects, mapError: explain });
    return { session, tx, effects };
  };

  const close = (session: Session): void => {
    session.giveBack(() => options.stalls.delete(session));
  };

  const attempt = async <Result>(
    work: (tx: EngineTransaction) => Result | Promise<Result>,
    given: TransactionOptions & TransactionHooks,
  ): Promise<Result> => {
    const { session, tx, effects } = await open(given);
    let result: Result;
    try {
      if (given.opening !== undefined) await tx.asCore(given.opening);
      result = await session.unlessLost((async () => work(tx))());
      if (given.closing !== undefined) await tx.asCore(given.closing);
      await tx.commit();
    } catch (error) {
      await tx.rollback();
      throw error;
    } finally {
      close(session);
    }
    for (const callback of effects.callbacks) callSafely(callback, options.log);
    return result;
  };

  return {
    scope,
    async transaction(work, given = {}) {
      const repeatable = given.isolation === 'serializable' || given.isolation === 'repeatable read';
      for (let retry = 0; ; retry += 1) {
        try {
          return await attempt(work, given);
        } catch (error) {
          const collided = error instanceof AppError && error.code === 'SERIALIZATION_FAILED';
          if (!repeatable || !collided || retry === retries) throw error;
          await pause(Math.random() * 5 * 2 ** retry);
        }
      }
    },
    /** BEGIN, the statement and COMMIT travel together: one round trip. */
    async query<Result extends object = Row>(
      sql: string | NamedStatement,
      values?: readonly unknown[],
    ): Promise<Result[]> {
      const { session, tx } = await open({});
      try {
        const answer = tx.query<Result>(sql, values);
        const [rows] = await Promise.all([answer, tx.commit()]);
        return rows;
      } catch (error) {
        await tx.rollback();
        throw error;
      } finally {
        close(session);
      }
    },
    async *stream<Result extends object = Row>(
      sql: string | NamedStatement,
      values?: readonly unknown[],
      { batchSize = 500 }: { readonly batchSize?: number } = {},
    ): AsyncGenerator<Result> {
      if (!Number.isInteger(batchSize) || batchSize < 1)
        throw new TypeError('batchSize is a whole number from 1');
      const statement = typeof sql === 'string' ? { sql, parameters: values ?? [] } : sql;
      const { session, tx } = await open({});
      let committed = false;
      try {
        await tx.query(
          `DECLARE orchestrall_stream NO SCROLL CURSOR FOR ${statement.sql}`,
          statement.parameters,
        );
        const fetch = `FETCH ${batchSize} FROM orchestrall_stream`;
        let next = tx.query<Result>(fetch);
        for (;;) {
          const rows = await next;
          if (rows.length === 0) break;
          // The next rows are fetched while the caller is busy with these.
          next = tx.query<Result>(fetch);
          // It is awaited in the next turn, or the caller has stopped reading.
          next.catch(() => undefined);
          yield* rows;
        }
        await tx.commit();
        committed = true;
      } finally {
        // Also when the caller stops reading.
        if (!committed) await tx.rollback();
        close(session);
      }
    },
  };
}

function callSafely(callback: () => void, log: Pick<Log, 'error'>): void {
  try {
    callback();
  } catch (error) {
    log.error({ error }, 'a callback after commit failed');
  }
}
