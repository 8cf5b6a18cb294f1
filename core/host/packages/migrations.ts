import { isAppError } from '@orchestrall/sdk';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../telemetry/error-message.ts';
import { packageError, singleFault } from './faults.ts';
import type { PackageFault } from './faults.ts';
import type { PackageMigration } from './package.ts';

/** Longest file of one migration: 64 MiB, as a whole packed plugin may have. */
const maxMigrationBytes = 64 * 1024 * 1024;

const fileName = /^(?<number>\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/u;

/**
 * Reads `migrations/NNNN-name.sql` of a plugin folder, ascending; none without that folder.
 * Throws `PLUGIN_INVALID` for another file name, a number used twice, an empty one, one
 * over 64 MiB, and what is no file or cannot be read.
 */
export async function readMigrations(folder: string): Promise<PackageMigration[]> {
  const root = join(folder, 'migrations');
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith('.sql'))
      .toSorted()
      .map(async (name) => ({ name, sql: await readMigration(folder, name) })),
  );
  return checkMigrations(folder, files);
}

/** Looks before it reads: a pipe would be waited for without end, and a file of any size would be held in memory. */
async function readMigration(folder: string, name: string): Promise<string> {
  const path = `migrations/${name}`;
  const refused = (message: string, remedy: string, cause?: unknown): Error =>
    singleFault({ file: folder, path, message, remedy }, cause);
  try {
    const about = await stat(join(folder, path));
    if (!about.isFile()) throw refused('is not a file', 'Put a file of SQL there.');
    if (about.size > maxMigrationBytes) {
      const message = `has ${about.size} bytes, more than ${maxMigrationBytes}`;
      throw refused(message, 'Divide it into several migrations, or leave large data out of the plugin.');
    }
    return await readFile(join(folder, path), 'utf8');
  } catch (error) {
    if (isAppError(error)) throw error;
    throw refused(`cannot be read: ${messageOf(error)}`, 'Make the file readable.', error);
  }
}

/** Turns files of `migrations/` into migrations; throws as `readMigrations` does. */
export function checkMigrations(
  file: string,
  files: readonly { readonly name: string; readonly sql: string }[],
): PackageMigration[] {
  const faults: PackageFault[] = [];
  const migrations = new Map<number, PackageMigration>();
  for (const { name, sql } of files) {
    const fault = (message: string, remedy: string) =>
      faults.push({ file, path: `migrations/${name}`, message, remedy });
    const number = Number(fileName.exec(name)?.groups?.['number'] ?? Number.NaN);
    const other = migrations.get(number);
    if (!(number > 0)) fault('the name is not of the form 0001-what-it-does.sql', 'Rename the file.');
    else if (other !== undefined) {
      fault(`number ${number} is also that of ${other.name}.sql`, 'Give each migration a number of its own.');
    } else if (sql.trim() === '') fault('the file is empty', 'Write its SQL or remove the file.');
    else migrations.set(number, { number, name: name.slice(0, -'.sql'.length), sql });
  }
  if (faults.length > 0) throw packageError(file, faults);
  return [...migrations.values()].toSorted((left, right) => left.number - right.number);
}
