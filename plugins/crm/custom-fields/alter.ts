import { setTimeout as pause } from 'node:timers/promises';
import { isAppError } from '@orchestrall/sdk';
import type { Database, Transaction } from '@orchestrall/sdk';
import { crmError } from '../errors.ts';

/** Longest wait for a table at a time, milliseconds: whoever comes after has to wait as well. */
const lockTimeoutMs = 300;

/** Longest wait in all, milliseconds. */
const patienceMs = 20_000;

/** Between two attempts others are let through, milliseconds. */
const longestPauseMs = 1_000;

/** Longest run of one statement, milliseconds: an index is made of all records of a kind. */
const statementTimeoutMs = 300_000;

const passing = new Set(['DATABASE_TIMEOUT', 'SERIALIZATION_FAILED']);

/**
 * Changes tables in a transaction that never keeps others waiting for long: it waits briefly for a table that is in use,
 * lets go of everything and tries again. Throws `RECORDS_BUSY` when the table was in use for 20 s.
 */
export async function alterTables<Result>(
  database: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const until = performance.now() + patienceMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await database.transaction(
        async (tx) => {
          await tx.query(`set local lock_timeout = ${lockTimeoutMs}`);
          return work(tx);
        },
        { timeoutMs: statementTimeoutMs },
      );
    } catch (error) {
      if (!isAppError(error) || !passing.has(error.code)) throw error;
      if (performance.now() > until) throw crmError('RECORDS_BUSY', { retryAfterSeconds: 60 }, error);
    }
    await pause(pauseMs);
  }
}
