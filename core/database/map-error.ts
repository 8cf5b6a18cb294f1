import { AppError } from '@orchestrall/sdk';
import { DatabaseError } from 'pg';
import { databaseError, passingError } from './errors.ts';

/** SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const unavailable = new Set(['57P01', '57P02', '57P03', '57P05', '53300']);
const timedOut = new Set(['57014', '55P03', '25P03', '25P04']);
const colliding = new Set(['40001', '40P01']);
/** Why the server lets nobody in, while connecting; in a statement they are what its own SQL has raised. */
const loginRefusals: Readonly<Record<string, string>> = {
  '28000': 'the user may not connect',
  '28P01': 'the user name or the password is wrong',
  '3D000': 'there is no database of that name',
};
const constraintKinds: Readonly<Record<string, string>> = {
  '23502': 'not-null',
  '23503': 'foreign-key',
  '23505': 'unique',
  '23514': 'check',
  '23P01': 'exclusion',
  '23001': 'restrict',
};

/** Turns what the driver throws while it connects into an error of the product, as `mapError` does for statements. */
export function mapConnectError(error: unknown): unknown {
  const reason = error instanceof DatabaseError ? loginRefusals[error.code ?? ''] : undefined;
  return reason === undefined ? mapError(error) : databaseError('DATABASE_LOGIN_REFUSED', { reason }, error);
}

/**
 * Turns what the driver throws into an error of the product; everything else passes unchanged.
 * A broken constraint keeps `kind`, `constraint`, `table`, `column` and `sqlstate` in its details. Messages
 * of the server may quote values and therefore stay in the cause, for the log of the operator.
 */
export function mapError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof DatabaseError) return mapSqlState(error);
  return isConnectionLoss(error) ? passingError('DATABASE_UNAVAILABLE', {}, error) : error;
}

function mapSqlState(error: DatabaseError): AppError {
  const sqlstate = error.code ?? 'XX000';
  if (unavailable.has(sqlstate) || isLostConnection(error)) {
    return passingError('DATABASE_UNAVAILABLE', {}, error);
  }
  if (timedOut.has(sqlstate)) return passingError('DATABASE_TIMEOUT', {}, error);
  if (sqlstate === '53100') return databaseError('STORAGE_FULL', {}, error);
  if (colliding.has(sqlstate)) return passingError('SERIALIZATION_FAILED', {}, error);
  const kind = constraintKinds[sqlstate];
  if (kind === undefined) return databaseError('STATEMENT_FAILED', { sqlstate }, error);
  const { constraint, table, column } = error;
  const name = constraint ?? `${table ?? ''}.${column ?? ''}`;
  return databaseError('CONSTRAINT_VIOLATED', { sqlstate, kind, constraint: name, table, column }, error);
}

/**
 * Class 08 is of lost connections, which the server or a pooler before it ends. What it says and goes on is the fault of
 * the statement, such as more values than placeholders.
 */
function isLostConnection({ code = '', severity }: DatabaseError): boolean {
  return code.startsWith('08') && severity !== 'ERROR';
}

/** Errors of sockets carry a system code; the driver's own have only a message. */
function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error || ('code' in error && String(error.code).startsWith('ECONN'))) return true;
  return /^(?:Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|Query read timeout)/.test(
    error.message,
  );
}

/** Whether an error, mapped or not, is a refusal to write in a read-only transaction. */
export function isReadOnlyRefusal(error: unknown): boolean {
  const cause = error instanceof AppError ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === '25006';
}
