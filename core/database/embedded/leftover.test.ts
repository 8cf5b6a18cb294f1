import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftover } from './leftover.ts';
import type { LeftoverOptions, Pressure } from './leftover.ts';

const children: ChildProcess[] = [];
const signals: unknown[] = [];
let folder: string;
let cluster: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'orchestrall-stubborn-')));
  cluster = join(folder, 'cluster');
  await mkdir(cluster);
});
afterEach(async () => {
  signals.length = 0;
  for (const each of children.splice(0)) {
    const ended = each.exitCode === null && each.signalCode === null ? once(each, 'exit') : undefined;
    each.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

/** A program by PostgreSQL's name that obeys no stop; its pid file names it. */
const startStubborn = async (): Promise<ChildProcess> => {
  const program = join(folder, 'postgres');
  await copyFile(await realpath('/bin/sh'), program);
  const script = "trap '' INT QUIT; echo ready; while :; do read -r line; done";
  const child = spawn(program, ['-c', script], { cwd: cluster, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  await writeFile(join(cluster, 'postmaster.pid'), `${child.pid}\n${cluster}\n`);
  return child;
};
const tell = (fields: object): void => {
  if ('signal' in fields) signals.push(fields.signal);
};
const options = (escalation: readonly Pressure[]): LeftoverOptions => ({
  cluster,
  socketFolder: join(folder, 'socket'),
  account: undefined,
  log: { info: tell, warn: tell },
  escalation,
});

test('endLeftover() kills a server that obeys no stop, after having asked for one', async () => {
  const child = await startStubborn();
  const ended = once(child, 'exit');
  const found = await endLeftover(
    options([
      { signal: 'SIGINT', waitMs: 50 },
      { signal: 'SIGQUIT', waitMs: 50 },
      { signal: 'SIGKILL', waitMs: 60_000 },
    ]),
  );
  expect(found).toBe(true);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(signals).toEqual(['SIGINT', 'SIGQUIT', 'SIGKILL']);
});

test('endLeftover() names what does not end and what it does, and leaves its pid file', async () => {
  const child = await startStubborn();
  await expect(endLeftover(options([{ signal: 'SIGINT', waitMs: 50 }]))).rejects.toMatchObject({
    code: 'EMBEDDED_POSTGRES_FAILED',
    message: expect.stringContaining(`do not end, not even when killed: ${child.pid} (`),
  });
  expect(await readFile(join(cluster, 'postmaster.pid'), 'utf8')).toBe(`${child.pid}\n${cluster}\n`);
});
