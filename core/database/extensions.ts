import { DatabaseError, escapeIdentifier } from 'pg';
import type { AdministratorSession } from './roles.ts';
import { databaseError } from './errors.ts';
import { extensionsSchema } from './scope.ts';
import type { Scope } from './scope.ts';

/** What servers answer that do not let a user create an extension, or not this one. */
const refusals: ReadonlySet<string | undefined> = new Set(['42501', '0A000']);

/**
 * Brings extensions of PostgreSQL into being, in a schema that every plugin's search path has behind its own; changes
 * nothing when all are there. For trusted ones CREATE on the database is enough
 * (https://www.postgresql.org/docs/current/extend-extensions.html). Throws `DATABASE_EXTENSION_UNAVAILABLE`.
 */
export async function ensureExtensions(
  session: AdministratorSession,
  scope: Scope,
  extensions: readonly string[],
): Promise<void> {
  for (const extension of extensions) {
    try {
      await ensureSchema(session, scope);
      await ensureExtension(session, extension);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !refusals.has(error.code)) throw error;
      const reason = `the database user ${session.user} may not create it (${error.message})`;
      throw unavailable(extension, reason, statementsFor(extension), error);
    }
  }
}

async function ensureSchema(session: AdministratorSession, { role }: Scope): Promise<void> {
  const schema = escapeIdentifier(extensionsSchema);
  const [found] = await session.run(
    `SELECT has_schema_privilege($2, oid, 'USAGE') AS usable FROM pg_namespace WHERE nspname = $1`,
    [extensionsSchema, role],
  );
  if (found?.['usable'] === true) return;
  // Both in one implicit transaction, so that nobody finds the schema without the right.
  await session.run(`CREATE SCHEMA IF NOT EXISTS ${schema}; GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`);
}

async function ensureExtension(session: AdministratorSession, extension: string): Promise<void> {
  const [found] = await session.run(
    `SELECT nspname AS schema FROM pg_available_extensions
     LEFT JOIN pg_extension ON extname = name LEFT JOIN pg_namespace n ON n.oid = extnamespace WHERE name = $1`,
    [extension],
  );
  if (found === undefined) {
    const hint = `Install it on the server, where it comes with PostgreSQL's contrib modules (such as the package \
postgresql-contrib), or allow it where the server is a managed one.`;
    throw unavailable(extension, 'the server does not carry it', hint);
  }
  const { schema } = found;
  if (schema === extensionsSchema) return;
  if (typeof schema === 'string') {
    const move = `ALTER EXTENSION ${escapeIdentifier(extension)} SET SCHEMA ${extensionsSchema};`;
    throw unavailable(extension, `it stands in the schema ${schema}`, `As its owner run: ${move}`);
  }
  await session.run(
    `CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(extension)} SCHEMA ${escapeIdentifier(extensionsSchema)}`,
  );
}

function statementsFor(extension: string): string {
  const name = escapeIdentifier(extension);
  return `As a superuser run in this database: CREATE SCHEMA IF NOT EXISTS ${extensionsSchema}; GRANT USAGE ON SCHEMA \
${extensionsSchema} TO PUBLIC; CREATE EXTENSION IF NOT EXISTS ${name} SCHEMA ${extensionsSchema};`;
}

function unavailable(extension: string, reason: string, hint: string, cause?: unknown): Error {
  return databaseError('DATABASE_EXTENSION_UNAVAILABLE', { extension, reason, hint }, cause);
}
