import { Client, DatabaseError, escapeIdentifier } from 'pg';
import type { ServerConnection } from '../connection.ts';
import { endConnection } from '../end-connection.ts';
import { databaseError } from '../errors.ts';
import { mapError } from '../map-error.ts';
import { openConnection } from '../open-connection.ts';
import { takeScope } from '../scope.ts';
import type { RoleNames, Scope } from '../scope.ts';
import { checkMigrations, checksum, fileName, invalid } from './migration.ts';
import type { Migration } from './migration.ts';
import { planMigrations } from './plan.ts';
import type { AppliedMigration } from './plan.ts';

/** All migrations of one owner. */
export interface MigrationSet {
  /** `core/<room>`, a plugin's name, or `<plugin>/<set>` for tables that another gives it; numbers are unique within it. */
  readonly owner: string;
  readonly migrations: readonly Migration[];
  /** Tolerates applied ones beyond the last file (code rolled back); default false. */
  readonly acceptNewer?: boolean;
}

/** What was done for one owner. */
export interface MigrationReport {
  readonly owner: string;
  /** File names, in order. */
  readonly applied: readonly string[];
}

/** Which database is migrated, and by whom. */
export interface MigrationTarget {
  /** The serving login. */
  readonly connection: ServerConnection;
  readonly names: RoleNames;
}

/**
 * Applies what is pending of each set, in the order of the sets.
 *
 * Sets of `core/...` run as the core's role on the schema `core`, those of a plugin, its name alone or before a
 * `/`, as the plugin's role on its own. Each file is one transaction together with its row in `core.migrations`; an advisory lock lets one
 * process at a time migrate an owner, others wait.
 * Throws `MIGRATION_INVALID`, `_EDITED`, `_MISSING`, `_OUT_OF_ORDER` and `_FAILED`, `DATABASE_UNAVAILABLE`.
 */
export async function migrate(
  target: MigrationTarget,
  sets: readonly MigrationSet[],
): Promise<MigrationReport[]> {
  const checked = sets.map((set) => ({ ...set, migrations: checkMigrations(set.migrations, set.owner) }));
  return withClient(target, async (client) => {
    await withLock(client, 'table', () => createTable(client, target.names.core));
    const reports: MigrationReport[] = [];
    for (const set of checked) {
      reports.push(await withLock(client, set.owner, () => applySet(client, target.names, set)));
    }
    return reports;
  });
}

/**
 * Drops a plugin's schema with all its data and forgets all migrations of it, in one transaction.
 * The schema must have been made by `preparePlugin`; afterwards `preparePlugin` makes it anew.
 */
export async function purgePlugin(target: MigrationTarget, plugin: string): Promise<void> {
  const scope = target.names.plugin(plugin);
  await withClient(target, (client) =>
    withLock(client, plugin, async () => {
      await withLock(client, 'table', () => createTable(client, target.names.core));
      await inTransaction(client, async () => {
        await client.query(
          `${takeScope(scope)}; DROP SCHEMA IF EXISTS ${escapeIdentifier(scope.schema)} CASCADE`,
        );
        await client.query(takeScope(target.names.core));
        await client.query(`DELETE FROM core.migrations WHERE split_part(owner, '/', 1) = $1`, [plugin]);
      });
    }),
  );
}

async function applySet(client: Client, names: RoleNames, set: MigrationSet): Promise<MigrationReport> {
  const scope = names.ofMigrations(set.owner);
  const applied = await readApplied(client, names.core, set.owner);
  const pending = planMigrations(set.owner, set.migrations, applied, set.acceptNewer ?? false);
  for (const migration of pending) await applyOne(client, names.core, scope, set.owner, migration);
  return { owner: set.owner, applied: pending.map(fileName) };
}

async function applyOne(
  client: Client,
  core: Scope,
  scope: Scope,
  owner: string,
  migration: Migration,
): Promise<void> {
  const file = fileName(migration);
  await inTransaction(client, async () => {
    await client.query(takeScope(scope));
    try {
      await client.query(migration.sql);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw databaseError('MIGRATION_FAILED', { file, owner, reason: place(error, migration.sql) }, error);
    }
    if (client.getTransactionStatus() !== 'T') {
      throw invalid(file, owner, 'it ends its own transaction', 'Remove BEGIN, COMMIT and ROLLBACK from it.');
    }
    await client.query(takeScope(core));
    await client.query(
      'INSERT INTO core.migrations (owner, number, name, checksum) VALUES ($1, $2, $3, $4)',
      [owner, migration.number, migration.name, checksum(migration.sql)],
    );
  });
}

function place(error: DatabaseError, sql: string): string {
  const line =
    error.position === undefined ? '' : ` at line ${sql.slice(0, Number(error.position)).split('\n').length}`;
  return `${error.message}${line} (SQLSTATE ${error.code ?? 'unknown'})`;
}

async function readApplied(client: Client, core: Scope, owner: string): Promise<AppliedMigration[]> {
  let rows: AppliedMigration[] = [];
  await inTransaction(client, async () => {
    await client.query(takeScope(core));
    const result = await client.query<{ number: number; name: string; checksum: string }>(
      'SELECT number, name, checksum FROM core.migrations WHERE owner = $1 ORDER BY number',
      [owner],
    );
    rows = result.rows;
  });
  return rows;
}

async function createTable(client: Client, core: Scope): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(takeScope(core));
    await client.query(
      `CREATE TABLE IF NOT EXISTS core.migrations (
         owner text NOT NULL,
         number integer NOT NULL,
         name text NOT NULL,
         checksum text NOT NULL,
         applied_at timestamptz NOT NULL DEFAULT now(),
         PRIMARY KEY (owner, number)
       )`,
    );
  });
}

async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    // When the connection is gone so is the transaction; the first error is the one to tell.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** The lock belongs to the connection, so it goes with a killed process. */
async function withLock<Result>(client: Client, owner: string, work: () => Promise<Result>): Promise<Result> {
  const key = `orchestrall:migrations:${owner}`;
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [key]);
  try {
    return await work();
  } finally {
    // Where it fails the connection is lost, and the lock with it; what the work came to is the one to tell.
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [key]).catch(() => undefined);
  }
}

async function withClient<Result>(
  target: MigrationTarget,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    ...target.connection,
    application_name: 'orchestrall migrations',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await openConnection(client);
    return await work(client);
  } catch (error) {
    throw mapError(error);
  } finally {
    await endConnection(client);
  }
}
