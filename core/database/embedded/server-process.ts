import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseError } from '../errors.ts';
import { giveTo } from './account.ts';
import type { Binaries } from './binaries.ts';
import { lastLines } from './cluster.ts';
import type { Layout } from './layout.ts';
import { accessRules, serverSettings } from './settings.ts';
import type { SettingsInput } from './settings.ts';
import { spawnServerProgram } from './spawn.ts';

/** How the server's process ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** End of the server's log, for the operator. */
  readonly lastLines: string;
}

export interface ServerProcessOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly settings: SettingsInput;
  readonly startTimeoutMs: number;
  readonly onUnexpectedExit: (exit: ServerExit) => void;
}

/** The process of one PostgreSQL server; may be started again after it has ended. */
export interface ServerProcess {
  /** Resolves when connections are taken. Throws `EMBEDDED_POSTGRES_FAILED`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  pid(): number;
}

const largestLogBytes = 10 * 1024 * 1024;

/** Prepares a process without starting it. */
export function createServerProcess(options: ServerProcessOptions): ServerProcess {
  const { layout } = options;
  const log = join(layout.folder, 'server.log');
  let child: ChildProcess | undefined;
  let expected = false;

  const start = async (): Promise<void> => {
    await writeConfiguration(layout, options.settings);
    await rotate(log);
    expected = false;
    const started = await launch(options, log);
    child = started;
    let ready = false;
    started.once('exit', (code, signal) => {
      if (!ready || expected) return;
      void lastLines(log).then((lines) => options.onUnexpectedExit({ code, signal, lastLines: lines }));
    });
    await waitUntilReady(started, layout, log, options.startTimeoutMs);
    ready = true;
  };

  const stop = async (): Promise<void> => {
    expected = true;
    if (child !== undefined) await end(child);
  };

  return { start, stop, pid: () => child?.pid ?? 0 };
}

async function launch(options: ServerProcessOptions, log: string): Promise<ChildProcess> {
  const output = await open(log, 'a', 0o600);
  try {
    const child = spawnServerProgram(
      options.layout,
      options.binaries.postgres,
      ['-D', options.layout.clusterForServer],
      output.fd,
    );
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw databaseError(
      'EMBEDDED_POSTGRES_FAILED',
      {
        reason: `its program cannot be run (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}).`,
        hint: 'Run npm ci again; if it stays, set `database.url`.',
      },
      error,
    );
  } finally {
    await output.close();
  }
}

/** A line of the server's own pid file tells its state, as pg_ctl reads it. */
async function waitUntilReady(
  child: ChildProcess,
  layout: Layout,
  log: string,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  const pidFile = join(layout.cluster, 'postmaster.pid');
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw await failure(log, 'it ended');
    const lines = existsSync(pidFile) ? (await readFile(pidFile, 'utf8').catch(() => '')).split('\n') : [];
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return;
    if (performance.now() > deadline) {
      await end(child);
      throw await failure(log, `it was not ready after ${limitMs} ms`);
    }
    await pause(10);
  }
}

async function failure(log: string, what: string): Promise<Error> {
  return databaseError('EMBEDDED_POSTGRES_FAILED', {
    reason: `${what}: ${await lastLines(log)}`,
    hint: 'Free disk space or mend the rights of the data folder, then start again.',
  });
}

/** Fast shutdown; a server that does not end within a minute is ended without a checkpoint, which loses nothing. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  const harder = setTimeout(() => child.kill('SIGQUIT'), 60_000);
  await ended;
  clearTimeout(harder);
}

async function writeConfiguration(layout: Layout, settings: SettingsInput): Promise<void> {
  const files = { 'postgresql.conf': serverSettings(settings), 'pg_hba.conf': accessRules(settings.listen) };
  for (const [name, content] of Object.entries(files)) {
    const path = join(layout.cluster, name);
    await writeFile(`${path}.new`, content, { mode: 0o600 });
    await giveTo(layout.account, `${path}.new`);
    await rename(`${path}.new`, path);
  }
}

async function rotate(log: string): Promise<void> {
  const size = existsSync(log) ? (await stat(log)).size : 0;
  if (size > largestLogBytes) await rename(log, `${log}.1`);
}
