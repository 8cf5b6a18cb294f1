import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseError } from '../errors.ts';

/** One numbered SQL file. */
export interface Migration {
  /** 1 to 9999, unique within its set. */
  readonly number: number;
  /** What stands between number and `.sql`: `create-contacts`. */
  readonly name: string;
  readonly sql: string;
}

/** `0001-create-contacts.sql` */
export function fileName(migration: { readonly number: number; readonly name: string }): string {
  return `${String(migration.number).padStart(4, '0')}-${migration.name}.sql`;
}

/** SHA-256 of the text with line ends of one kind, as hexadecimal. */
export function checksum(sql: string): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}

/**
 * Reads the migrations of a folder in ascending order; an absent folder has none.
 * Throws `MIGRATION_INVALID` for a file that is not named `0001-words-in-lower-case.sql`.
 */
export async function readMigrations(folder: string, owner: string): Promise<Migration[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const migrations: Migration[] = [];
  for (const file of names) {
    if (file.startsWith('.')) continue;
    const match = /^(\d{4})-([a-z0-9]+(?:-[a-z0-9]+)*)\.sql$/.exec(file);
    if (match === null) {
      throw invalid(
        file,
        owner,
        'its name does not have the form 0001-create-contacts.sql',
        'Rename or remove it.',
      );
    }
    const [, number = '', name = ''] = match;
    migrations.push({ number: Number(number), name, sql: await readFile(join(folder, file), 'utf8') });
  }
  return checkMigrations(migrations, owner);
}

/** Sorts a set by number. Throws `MIGRATION_INVALID` for numbers out of range or given twice, and empty files. */
export function checkMigrations(migrations: readonly Migration[], owner: string): Migration[] {
  const sorted = migrations.toSorted((left, right) => left.number - right.number);
  sorted.forEach((migration, index) => {
    const file = fileName(migration);
    if (!Number.isInteger(migration.number) || migration.number < 1 || migration.number > 9999) {
      throw invalid(file, owner, 'its number is not from 0001 to 9999', 'Give it the next free number.');
    }
    const before = sorted[index - 1];
    if (before?.number === migration.number) {
      throw invalid(
        file,
        owner,
        `${fileName(before)} has the same number`,
        'Give one of them the next free number.',
      );
    }
    if (migration.sql.trim() === '') throw invalid(file, owner, 'it is empty', 'Write its SQL or remove it.');
  });
  return sorted;
}

/** An error that names the file, what is wrong with it and what to do. */
export function invalid(file: string, owner: string, reason: string, hint: string): Error {
  return databaseError('MIGRATION_INVALID', { file, owner, reason, hint });
}
