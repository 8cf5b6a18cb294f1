import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';
import { identify, isRunning } from './process-identity.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const leave = async (pid: number, startedAt: string): Promise<void> => {
  await mkdir(join(folder, 'lock'));
  const holder = { pid, startedAt, takenAt: '2026-01-01T00:00:00.000Z', released: false };
  await writeFile(join(folder, 'lock', '7'), JSON.stringify(holder));
};

test('lockFolder() refuses a folder that a running process holds, and names it', async () => {
  await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'DATA_FOLDER_IN_USE',
    details: { pid: process.pid, folder },
  });
});

test('a released folder can be taken again', async () => {
  await (await lockFolder(folder)).release();
  await (await lockFolder(folder)).release();
  expect(await readdir(join(folder, 'lock'))).toEqual(['2']);
});

test('the lock of a process that has ended is overtaken', async () => {
  await leave(2 ** 22 + 1, 'whenever');
  await lockFolder(folder);
  expect(await readdir(join(folder, 'lock'))).toEqual(['8']);
});

test('the lock of a process whose number another one now has is overtaken', async () => {
  await leave(process.pid, 'an earlier boot');
  await lockFolder(folder);
});

test('of many that find the same stale lock exactly one wins', async () => {
  await leave(process.pid, 'an earlier boot');
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
});

test('a torn lock file holds nothing', async () => {
  await mkdir(join(folder, 'lock'));
  await writeFile(join(folder, 'lock', '3'), '{"pid":');
  await lockFolder(folder);
});

test('identify() tells a process from a later one with its number', () => {
  const self = identify(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(self !== undefined && isRunning(self)).toBe(true);
  expect(isRunning({ pid: process.pid, startedAt: 'an earlier boot' })).toBe(false);
  expect(identify(2 ** 22 + 1)).toBeUndefined();
});
