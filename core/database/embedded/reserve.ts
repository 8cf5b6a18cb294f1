import { existsSync } from 'node:fs';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Three segments of PostgreSQL's log: enough for crash recovery to end and to begin the next segment. */
const reserveBytes = 48 * 1024 * 1024;
const scarceBytes = 16 * 1024 * 1024;

/** Free bytes on the disk of a folder, for processes without privilege. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Sets space aside in the file `reserve`, since PostgreSQL ends when its log cannot grow, and cannot start
 * again without room for the log. Written with zeros, as a file with holes would reserve nothing; leaves it
 * be when it is there or the disk has little space.
 */
export async function setReserveAside(folder: string): Promise<void> {
  const reserve = join(folder, 'reserve');
  if (existsSync(reserve) || (await freeBytesOf(folder)) < 4 * reserveBytes) return;
  const draft = `${reserve}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    const block = Buffer.alloc(1024 * 1024);
    for (let written = 0; written < reserveBytes; written += block.length) await file.write(block);
  } finally {
    await file.close();
  }
  await rename(draft, reserve);
}

/** Gives the reserve up when the disk is full; true when that made room. */
export async function releaseReserve(folder: string): Promise<boolean> {
  const reserve = join(folder, 'reserve');
  await rm(`${reserve}.new`, { force: true });
  if (!existsSync(reserve) || (await freeBytesOf(folder)) > scarceBytes) return false;
  await rm(reserve, { force: true });
  return true;
}
