import { join } from 'node:path';
import { readMigrations } from '../../database/migrate/migration.ts';
import type { MigrationSet } from '../../database/migrate/run.ts';
import type { PackageMigration } from '../../host/packages/package.ts';

/** Tables of the SDK's conventions for resources, which stand in the schema of each plugin that has tables. */
const conventions = join(import.meta.dirname, '../../sdk/resources/migrations');

/**
 * What is applied for a plugin: the tables of the SDK's conventions where it has migrations, and then these.
 * Throws `MIGRATION_INVALID`.
 */
export async function pluginMigrations(
  plugin: string,
  migrations: readonly PackageMigration[],
  acceptNewer: boolean,
): Promise<MigrationSet[]> {
  const own: MigrationSet = { owner: plugin, migrations: migrations.map(withoutNumber), acceptNewer };
  if (migrations.length === 0) return [own];
  const owner = `${plugin}/resources`;
  // They belong to the core, which may itself have been rolled back.
  return [{ owner, migrations: await readMigrations(conventions, owner), acceptNewer: true }, own];
}

/** A package names its migrations `0001-create-contacts`, the database room `create-contacts`. */
function withoutNumber<Migration extends { readonly name: string }>(migration: Migration): Migration {
  return { ...migration, name: migration.name.replace(/^\d{4}-/, '') };
}
