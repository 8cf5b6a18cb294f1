import { databaseError } from '../errors.ts';
import { checksum, fileName } from './migration.ts';
import type { Migration } from './migration.ts';

/** A row of `core.migrations`. */
export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/**
 * Compares files with what was applied and returns what is left to apply, in order.
 * With `acceptNewer`, applied ones beyond the last file are tolerated: code that has been rolled back.
 * Throws `MIGRATION_EDITED`, `MIGRATION_MISSING`, `MIGRATION_OUT_OF_ORDER`.
 */
export function planMigrations(
  owner: string,
  files: readonly Migration[],
  applied: readonly AppliedMigration[],
  acceptNewer: boolean,
): Migration[] {
  const byNumber = new Map(files.map((file) => [file.number, file]));
  const lastFile = files.at(-1)?.number ?? 0;
  for (const row of applied) {
    const file = byNumber.get(row.number);
    if (file === undefined) {
      if (acceptNewer && row.number > lastFile) continue;
      throw databaseError('MIGRATION_MISSING', { owner, file: fileName(row) });
    }
    if (file.name !== row.name || checksum(file.sql) !== row.checksum) {
      throw databaseError('MIGRATION_EDITED', { owner, file: fileName(row) });
    }
  }
  const done = new Set(applied.map((row) => row.number));
  const pending = files.filter((file) => !done.has(file.number));
  const latest = applied.at(-1);
  const [first] = pending;
  if (first !== undefined && latest !== undefined && first.number < latest.number) {
    throw databaseError('MIGRATION_OUT_OF_ORDER', { owner, file: fileName(first), latest: fileName(latest) });
  }
  return pending;
}
