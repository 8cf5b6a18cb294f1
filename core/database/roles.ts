import { createHmac, pbkdf2Sync, createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg';
import type { ServerConnection } from './connection.ts';
import { endConnection } from './end-connection.ts';
import { databaseError } from './errors.ts';
import { ensureExtensions } from './extensions.ts';
import { mapError } from './map-error.ts';
import { openConnection } from './open-connection.ts';
import type { RoleNames, Scope } from './scope.ts';

/** Derives the password of the serving login from the administrator's, so that replicas agree without talking. */
export function appPassword(administrator: ServerConnection, app: string): string {
  return createHmac('sha256', administrator.password).update(`orchestrall login ${app}`).digest('base64url');
}

/**
 * Brings roles and the schema `core` into being; changes nothing when all is there.
 *
 * The connection's user must be a superuser, or hold CREATEROLE and CREATE on the database.
 * Throws `DATABASE_VERSION_UNSUPPORTED`, `DATABASE_RIGHTS_MISSING`, `DATABASE_UNAVAILABLE`.
 */
export async function bootstrapRoles(
  administrator: ServerConnection,
  names: RoleNames,
): Promise<ServerConnection> {
  const app: ServerConnection = {
    ...administrator,
    user: names.app,
    password: appPassword(administrator, names.app),
  };
  await asAdministrator(administrator, async (session) => {
    await ensureRole(session, names.core.role, 'NOLOGIN NOINHERIT');
    const created = await ensureRole(session, names.app, 'LOGIN NOINHERIT');
    if (created || !(await canLogIn(app))) {
      const verifier = scramVerifier(app.password, names.app);
      await session.run(
        `ALTER ROLE ${escapeIdentifier(names.app)} LOGIN NOINHERIT PASSWORD ${escapeLiteral(verifier)}`,
      );
    }
    await ensureConnectRight(session, names.app);
    await ensureScope(session, names.core, names.app);
  });
  return app;
}

/**
 * Brings a plugin's role and schema and the extensions that it asks for into being; changes nothing when all are there.
 * Throws as `bootstrapRoles` does, and `DATABASE_EXTENSION_UNAVAILABLE`.
 */
export async function bootstrapPlugin(
  administrator: ServerConnection,
  names: RoleNames,
  scope: Scope,
  extensions: readonly string[],
): Promise<void> {
  await asAdministrator(administrator, async (session) => {
    await ensureRole(session, scope.role, 'NOLOGIN NOINHERIT');
    await ensureScope(session, scope, names.app);
    await ensureExtensions(session, scope, extensions);
  });
}

/** The administrator's connection, asked what it may do. */
export interface AdministratorSession {
  readonly version: number;
  readonly superuser: boolean;
  readonly user: string;
  run(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Roles belong to the whole server, so starts on other databases of it may change them at the same moment. */
const racing = new Set(['42710', '23505', 'XX000', '40001', '40P01']);

async function asAdministrator(
  connection: ServerConnection,
  work: (session: AdministratorSession) => Promise<void>,
): Promise<void> {
  const client = new Client({
    ...connection,
    application_name: 'orchestrall setup',
    connectionTimeoutMillis: 10_000,
  });
  // A lost connection also rejects the statement under way, which is where it is handled.
  client.on('error', () => undefined);
  try {
    await openConnection(client);
    const session = await openSession(client, connection);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work(session);
        return;
      } catch (error) {
        const code = error instanceof DatabaseError ? (error.code ?? '') : '';
        if (code === '42501')
          throw rightsMissing(session.user, 'to manage the roles of this appliance', error);
        if (!racing.has(code) || attempt === 20) throw error;
        await pause(10 * attempt * Math.random());
      }
    }
  } catch (error) {
    throw mapError(error);
  } finally {
    await endConnection(client);
  }
}

async function openSession(client: Client, connection: ServerConnection): Promise<AdministratorSession> {
  const run: AdministratorSession['run'] = async (sql, values) => {
    const result = await client.query<Record<string, unknown>>(
      sql,
      values === undefined ? undefined : [...values],
    );
    return result.rows;
  };
  const [row] = await run(
    `SELECT current_setting('server_version_num')::int AS version, rolsuper, rolcreaterole,
            has_database_privilege(current_database(), 'CREATE') AS may_create
     FROM pg_roles WHERE rolname = current_user`,
  );
  const version = Number(row?.['version']);
  if (version < 150_000) {
    throw databaseError('DATABASE_VERSION_UNSUPPORTED', { version: Math.floor(version / 10_000) });
  }
  const superuser = row?.['rolsuper'] === true;
  if (!superuser && row?.['rolcreaterole'] !== true) throw rightsMissing(connection.user, 'CREATEROLE');
  if (!superuser && row?.['may_create'] !== true) {
    throw rightsMissing(connection.user, `CREATE on the database ${connection.database}`);
  }
  return { version, superuser, user: connection.user, run };
}

function rightsMissing(user: string, right: string, cause?: unknown): Error {
  return databaseError(
    'DATABASE_RIGHTS_MISSING',
    {
      user,
      right,
      hint: `As a superuser run: ALTER ROLE "${user}" CREATEROLE; and make it the owner of the database.`,
    },
    cause,
  );
}

/** True when the role was made just now. */
async function ensureRole(session: AdministratorSession, role: string, attributes: string): Promise<boolean> {
  const found = await session.run('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (found.length > 0) return false;
  await session.run(`CREATE ROLE ${escapeIdentifier(role)} ${attributes}`);
  return true;
}

async function ensureConnectRight(session: AdministratorSession, app: string): Promise<void> {
  const [row] = await session.run(
    `SELECT has_database_privilege($1, current_database(), 'CONNECT') AS may, current_database() AS name`,
    [app],
  );
  if (row?.['may'] === true) return;
  await session.run(
    `GRANT CONNECT ON DATABASE ${escapeIdentifier(String(row?.['name']))} TO ${escapeIdentifier(app)}`,
  );
}

/** Makes the schema and lets the serving login take its role, without inheriting anything of it. */
async function ensureScope(session: AdministratorSession, scope: Scope, app: string): Promise<void> {
  await ensureMembership(session, scope.role, app);
  const [schema] = await session.run(
    'SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1',
    [scope.schema],
  );
  if (schema === undefined) {
    // Only a member that may take the role can give it a schema.
    if (!session.superuser) await ensureMembership(session, scope.role, session.user);
    await session.run(
      `CREATE SCHEMA IF NOT EXISTS ${escapeIdentifier(scope.schema)} AUTHORIZATION ${escapeIdentifier(scope.role)}`,
    );
  } else if (schema['owner'] !== scope.role) {
    throw rightsMissing(
      session.user,
      `to use the schema ${scope.schema}, which ${String(schema['owner'])} owns`,
    );
  }
}

async function ensureMembership(session: AdministratorSession, role: string, member: string): Promise<void> {
  const modern = session.version >= 160_000;
  const found = await session.run(
    `SELECT 1 FROM pg_auth_members WHERE roleid = $1::regrole AND member = $2::regrole
     ${modern ? 'AND set_option AND NOT inherit_option' : ''}`,
    [escapeIdentifier(role), escapeIdentifier(member)],
  );
  if (found.length > 0) return;
  const options = modern ? ' WITH INHERIT FALSE, SET TRUE' : '';
  await session.run(`GRANT ${escapeIdentifier(role)} TO ${escapeIdentifier(member)}${options}`);
}

async function canLogIn(connection: ServerConnection): Promise<boolean> {
  const client = new Client({ ...connection, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && (error.code === '28P01' || error.code === '28000')) return false;
    // The login may still lack the right to connect; its password was accepted before that is checked.
    if (error instanceof DatabaseError && error.code === '42501') return true;
    throw error;
  } finally {
    await endConnection(client);
  }
}

/**
 * The stored form of a password (RFC 5803), so that the password itself never stands in a statement, which
 * a server may log. The salt is derived as well: replicas that set it at once set the same.
 */
function scramVerifier(password: string, app: string): string {
  const iterations = 4096;
  const salt = createHash('sha256').update(`orchestrall salt ${app} ${password}`).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
