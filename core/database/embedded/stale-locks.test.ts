import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mendLockFiles } from './stale-locks.ts';

let folder: string;
let pidFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrall-stale-'));
  pidFile = join(folder, 'postmaster.pid');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const mend = async (text: string): Promise<void> => {
  await writeFile(pidFile, text);
  await mendLockFiles({ cluster: folder, socketFolder: join(folder, 'socket'), account: undefined, text });
};

test('mendLockFiles() exchanges a number in use only, and keeps the name of the shared memory', async () => {
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(stranger, 'spawn');
  const others = '/data\n1\n5432\n/socket\n\n  1234  5678\nready   \n';
  try {
    await mend(`${stranger.pid}\n${others}`);
    expect(await readFile(pidFile, 'utf8')).toBe(`${process.pid}\n${others}`);
  } finally {
    stranger.kill();
  }
  const unused = `${2 ** 22 + 1}\n${others}`;
  await mend(unused);
  expect(await readFile(pidFile, 'utf8')).toBe(unused);
});

test.each(['', '\n', 'torn', '0\n'])(
  'mendLockFiles() removes a pid file without a number (%j)',
  async (text) => {
    await mend(text);
    expect(await readdir(folder)).toEqual([]);
  },
);

test('mendLockFiles() removes the locks of sockets and nothing else', async () => {
  const sockets = join(folder, 'socket');
  await mkdir(sockets);
  for (const name of ['.s.PGSQL.5432.lock', '.s.PGSQL.5432', 'mine.lock']) {
    await writeFile(join(sockets, name), '1\n');
  }
  await mendLockFiles({ cluster: folder, socketFolder: sockets, account: undefined, text: undefined });
  expect((await readdir(sockets)).toSorted()).toEqual(['.s.PGSQL.5432', 'mine.lock']);
});
