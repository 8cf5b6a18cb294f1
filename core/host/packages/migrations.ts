import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageError } from './faults.ts';
import type { PackageFault } from './faults.ts';
import type { PackageMigration } from './package.ts';

const fileName = /^(?<number>\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/u;

/**
 * Reads `migrations/NNNN-name.sql` of a plugin folder, ascending; none without that folder.
 * Throws `PLUGIN_INVALID` for another file name, a number used twice and an empty file.
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
      .map(async (name) => ({ name, sql: await readFile(join(root, name), 'utf8') })),
  );
  return checkMigrations(folder, files);
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
