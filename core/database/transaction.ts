import type { Row, Statement, Transaction } from '@orchestrall/sdk';
import type { Effects } from './effects.ts';
import type { Scope } from './scope.ts';
import type { NamedStatement, Session } from './session.ts';

/** Statements of the core inside anyone's transaction. */
export interface CoreStatements {
  query<Result extends object = Row>(
    sql: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Result[]>;
  /** Runs one statement and returns how many rows it touched. */
  execute(sql: string | NamedStatement, values?: readonly unknown[]): Promise<number>;
}

/** What the engine gives to rooms of the core: a transaction that also counts rows and knows its scope. */
export interface EngineTransaction extends Transaction, CoreStatements {
  readonly scope: Scope;
  query<Result extends object = Row>(
    sql: string | NamedStatement,
    values?: readonly unknown[],
  ): Promise<Result[]>;
}

/** What a transaction is made of. */
export interface OpenTransactionOptions {
  readonly session: Session;
  readonly scope: Scope;
  readonly core: Scope;
  readonly effects: Effects;
  readonly mapError: (error: unknown) => unknown;
}

/** A transaction under way; the engine commits it or rolls it back. */
export interface OpenTransaction extends EngineTransaction {
  /** Runs statements with the core's role; nothing else may be sent meanwhile. */
  asCore(work: (core: CoreStatements) => Promise<void>): Promise<void>;
  /** Stores the effects and commits, in one round trip. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** A transaction over a session that has begun. */
export function openTransaction(options: OpenTransactionOptions): OpenTransaction {
  const { session, scope, core, effects } = options;
  const savepoints: string[] = [];
  let savepointCount = 0;

  const send = async (sql: string | NamedStatement, values: readonly unknown[] | undefined, as: Scope) => {
    try {
      return await session.run(toStatement(sql, values), as);
    } catch (error) {
      throw options.mapError(error);
    }
  };
  const statementsAs = (as: Scope): CoreStatements => ({
    async query<Result extends object = Row>(
      sql: string | NamedStatement,
      values?: readonly unknown[],
    ): Promise<Result[]> {
      const { rows } = await send(sql, values, as);
      return typedRows<Result>(rows);
    },
    execute: async (sql, values) => (await send(sql, values, as)).rowCount ?? 0,
  });
  const coreStatements = statementsAs(core);

  return {
    ...statementsAs(scope),
    scope,
    emit: (definition, data, given) => effects.emit(definition, data, given),
    audit: (entry) => effects.audit(entry),
    enqueue: (definition, payload, given) => effects.enqueue(definition, payload, given),
    answer(given) {
      effects.answer(given);
      return given;
    },
    forgetAnswers: () => effects.answer(undefined),
    eraseHistory: (subjects) => effects.erase({ subjects, items: [] }),
    eraseHistoryItems: (items) => effects.erase({ subjects: [], items }),
    afterCommit: (work) => effects.afterCommit(work),

    async savepoint(work) {
      savepointCount += 1;
      const name = `orchestrall_${savepointCount}`;
      const takeBack = effects.mark();
      const failedBefore = session.failed;
      savepoints.push(name);
      session.savepoint(name);
      try {
        const result = await work();
        if (savepoints.at(-1) !== name) throw new TypeError('savepoints of one transaction must nest');
        session.release(name);
        return result;
      } catch (error) {
        takeBack();
        await session.rollbackTo(name, failedBefore).catch((failure: unknown) => {
          throw options.mapError(failure);
        });
        throw error;
      } finally {
        savepoints.splice(savepoints.indexOf(name), 1);
      }
    },

    async asCore(work) {
      if (scope.role !== core.role) session.take(core);
      await work(coreStatements);
      if (scope.role !== core.role) session.take(scope);
    },

    async commit() {
      const statements = effects.statements();
      if (statements.length > 0 && scope.role !== core.role) session.takeForCommit(core);
      // Their failures are kept by the session, which then rejects the commit.
      for (const statement of statements) void session.run(statement, core).catch(() => undefined);
      try {
        await session.commit();
      } catch (error) {
        throw options.mapError(error);
      }
    },
    rollback: () => session.rollback(),
  };
}

/** Rows have the shape the caller's SQL gives them; nothing here could know it better. */
function typedRows<Result extends object>(rows: object[]): Result[];
function typedRows(rows: object[]): object[] {
  return rows;
}

function toStatement(sql: string | NamedStatement, values: readonly unknown[] | undefined): NamedStatement {
  if (typeof sql !== 'string') return sql;
  const statement: Statement = { sql, parameters: values ?? [] };
  return statement;
}
