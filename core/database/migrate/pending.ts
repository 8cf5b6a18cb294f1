import { escapeIdentifier } from 'pg';
import { extensionsSchema } from '../scope.ts';
import type { RoleNames, Scope } from '../scope.ts';
import type { ScopedDatabase } from '../scoped-database.ts';
import { checkMigrations } from './migration.ts';
import type { AppliedMigration } from './plan.ts';
import { planMigrations } from './plan.ts';
import type { MigrationReport, MigrationSet } from './run.ts';

/**
 * Whether a plugin's role, schema and extensions are as `bootstrapPlugin` leaves them, asked on a connection at hand:
 * almost every start finds them so, and needs no connection of the administrator then.
 */
export async function isPrepared(
  core: ScopedDatabase,
  names: RoleNames,
  scope: Scope,
  extensions: readonly string[],
): Promise<boolean> {
  const [row] = await core.query<{ prepared: boolean }>(
    `select coalesce(
       (select nspowner = to_regrole($2)::oid from pg_namespace where nspname = $1)
         and pg_has_role($3::name, to_regrole($2)::oid,
           case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
         and not pg_has_role($3::name, to_regrole($2)::oid, 'USAGE'),
       false)
       and not exists (select from unnest($4::text[]) as asked where not exists (
         select from pg_extension join pg_namespace n on n.oid = extnamespace
         where extname = asked and nspname = $5 and has_schema_privilege(to_regrole($2)::oid, n.oid, 'USAGE')
       )) as prepared`,
    [scope.schema, escapeIdentifier(scope.role), names.app, extensions, extensionsSchema],
  );
  return row?.prepared === true;
}

/**
 * The reports of sets of which nothing is pending, read without a lock; undefined when something is, or nothing was
 * ever applied. Throws as `migrate` does where files and what was applied disagree.
 */
export async function reportsWithoutWork(
  core: ScopedDatabase,
  sets: readonly MigrationSet[],
): Promise<MigrationReport[] | undefined> {
  const [table] = await core.query<{ there: boolean }>(
    `select to_regclass('core.migrations') is not null as there`,
  );
  if (table?.there !== true) return undefined;
  const rows = await core.query<AppliedMigration & { readonly owner: string }>(
    'select owner, number, name, checksum from core.migrations where owner = any($1) order by number',
    [sets.map(({ owner }) => owner)],
  );
  const pending = sets.flatMap(({ owner, migrations, acceptNewer = false }) =>
    planMigrations(
      owner,
      checkMigrations(migrations, owner),
      rows.filter((row) => row.owner === owner),
      acceptNewer,
    ),
  );
  return pending.length > 0 ? undefined : sets.map(({ owner }) => ({ owner, applied: [] }));
}
