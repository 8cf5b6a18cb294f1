import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseError } from '../errors.ts';
import { identify, isRunning } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

interface Holder extends ProcessIdentity {
  readonly takenAt: string;
  readonly released: boolean;
}

/** Exclusive hold of a data folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process.
 *
 * The lock is a folder of numbered files, and the highest number holds. A stale one is not removed but
 * overtaken by the next number, which only one process can create; so two starts that find the same stale
 * lock cannot both win, and neither a dead holder nor a reused process number needs a hand.
 * Throws `DATA_FOLDER_IN_USE` naming the running process.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const locks = join(folder, 'lock');
  await mkdir(locks, { recursive: true, mode: 0o700 });
  const self = identify(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };
  const holder: Holder = { ...self, takenAt: new Date().toISOString(), released: false };
  const draft = join(locks, `draft-${process.pid}-${randomBytes(6).toString('hex')}`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (;;) {
      const number = await overtake(locks, draft, folder);
      if (number !== undefined) return { release: () => release(locks, number, holder) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** One attempt: the number taken, or undefined when another process was quicker. */
async function overtake(locks: string, draft: string, folder: string): Promise<number | undefined> {
  const latest = await highest(locks);
  if (latest > 0) await refuseWhenHeld(locks, latest, folder);
  const number = latest + 1;
  try {
    await link(draft, join(locks, String(number)));
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined;
    throw error;
  }
  if ((await highest(locks)) !== number) {
    await rm(join(locks, String(number)), { force: true });
    return undefined;
  }
  const older = (await numbers(locks)).filter((each) => each < number);
  await Promise.all(older.map((each) => rm(join(locks, String(each)), { force: true })));
  return number;
}

async function refuseWhenHeld(locks: string, number: number, folder: string): Promise<void> {
  const holder = await read(join(locks, String(number)));
  if (holder === undefined || holder.released || !isRunning(holder)) return;
  throw databaseError('DATA_FOLDER_IN_USE', { folder, pid: holder.pid, startedAt: holder.takenAt });
}

/** Keeps the number, so that numbers only ever grow, and marks it free. */
async function release(locks: string, number: number, holder: Holder): Promise<void> {
  const draft = join(locks, `draft-${process.pid}-${randomBytes(6).toString('hex')}`);
  await writeFile(draft, JSON.stringify({ ...holder, released: true }), { mode: 0o600 });
  await rename(draft, join(locks, String(number)));
}

async function numbers(locks: string): Promise<number[]> {
  return (await readdir(locks)).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function highest(locks: string): Promise<number> {
  return Math.max(0, ...(await numbers(locks)));
}

async function read(file: string): Promise<Holder | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isHolder(parsed) ? parsed : undefined;
  } catch (error) {
    // A torn or vanished file can only be left by a process that has ended: it holds nothing.
    if (error instanceof SyntaxError || isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string' &&
    'takenAt' in value &&
    typeof value.takenAt === 'string' &&
    'released' in value &&
    typeof value.released === 'boolean'
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
