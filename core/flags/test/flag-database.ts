import { fileURLToPath } from 'node:url';
import { effectPort } from '../../database/effects.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { testDatabase } from '../../testing/postgres.ts';
import type { TestDatabase } from '../../testing/postgres.ts';

/** A database with the flag table; `emitted` and `audited` grow by what is committed. */
export async function flagDatabase(
  emitted: unknown[],
  audited: unknown[],
): Promise<{ readonly store: TestDatabase; readonly database: DatabaseEngine }> {
  const folder = fileURLToPath(new URL('../migrations', import.meta.url));
  const migrations = [{ owner: 'core/flags', migrations: await readMigrations(folder, 'core/flags') }];
  const store = await testDatabase({ migrations });
  const database = await store.open();
  database.connectEffects({
    emit: effectPort({
      prepare: (_scope, _event, data) => ({ effect: data, result: '' }),
      statements: () => [],
      committed: (events) => void emitted.push(...events),
    }),
    audit: effectPort({
      prepare: (_scope, entry) => ({ effect: entry, result: undefined }),
      statements: () => [],
      committed: (entries) => void audited.push(...entries),
    }),
  });
  return { store, database };
}
