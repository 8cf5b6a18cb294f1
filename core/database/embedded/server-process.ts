import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@orchestrall/sdk';
import { databaseError } from '../errors.ts';
import { giveTo } from './account.ts';
import type { Binaries } from './binaries.ts';
import { lastLines } from './cluster.ts';
import type { Layout } from './layout.ts';
import { processesWorkingIn, signalProcess } from './process-identity.ts';
import { remedyFor } from './remedy.ts';
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

/** What a server's process is made of. */
export interface ServerProcessOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly settings: SettingsInput;
  readonly startTimeoutMs: number;
  /** Told every 10 s of a start that takes longer. */
  readonly log: Pick<Log, 'info'>;
  readonly onUnexpectedExit: (exit: ServerExit) => void;
}

/** The process of one PostgreSQL server; may be started again after it has ended. */
export interface ServerProcess {
  /** Resolves when connections are taken. Throws `EMBEDDED_POSTGRES_FAILED`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  pid(): number;
}

const tellEveryMs = 10_000;
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
    const { child: started, from } = await launch(options, log);
    child = started;
    let ready = false;
    started.once('exit', (code, signal) => {
      if (!ready || expected) return;
      void lastLines(log, from).then((lines) => options.onUnexpectedExit({ code, signal, lastLines: lines }));
    });
    await waitUntilReady(started, options, (what, hint) => failure(log, from, what, hint));
    ready = true;
  };

  const stop = async (): Promise<void> => {
    expected = true;
    if (child !== undefined) await end(child, layout.cluster);
  };

  return { start, stop, pid: () => child?.pid ?? 0 };
}

/** Spawns the program; what it says begins at the byte `from` of the log. */
async function launch(
  options: ServerProcessOptions,
  log: string,
): Promise<{ child: ChildProcess; from: number }> {
  const output = await open(log, 'a', 0o600);
  try {
    const from = (await output.stat()).size;
    const child = spawnServerProgram(
      options.layout,
      options.binaries.postgres,
      ['-D', options.layout.clusterForServer],
      output.fd,
    );
    await once(child, 'spawn');
    return { child, from };
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
  { layout, log, startTimeoutMs: limitMs }: ServerProcessOptions,
  failed: (what: string, hint?: string) => Promise<Error>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  let tellAt = performance.now() + tellEveryMs;
  const pidFile = join(layout.cluster, 'postmaster.pid');
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw await failed('it ended');
    const lines = existsSync(pidFile) ? (await readFile(pidFile, 'utf8').catch(() => '')).split('\n') : [];
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return;
    if (performance.now() > deadline) {
      await end(child, layout.cluster);
      throw await failed(
        `it was not ready after ${limitMs} ms`,
        'Crash recovery takes this long on a slow or busy disk: start again when the disk is idle; nothing committed is lost.',
      );
    }
    if (performance.now() > tellAt) {
      tellAt += tellEveryMs;
      const leftMs = Math.round(deadline - performance.now());
      log.info({ longest_wait_ms: leftMs }, 'waiting for PostgreSQL to recover and be ready');
    }
    await pause(10);
  }
}

async function failure(log: string, from: number, what: string, hint?: string): Promise<Error> {
  const said = await lastLines(log, from);
  return databaseError('EMBEDDED_POSTGRES_FAILED', {
    reason: `${what}: ${said}`,
    hint: hint ?? remedyFor(said, log),
  });
}

/**
 * Fast shutdown, of a stopped server too; one that does not end within a minute is ended without a checkpoint,
 * and 10 s later by the kernel, which loses nothing.
 */
async function end(child: ChildProcess, cluster: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  // It waits for processes of its own, which have to be able to obey it.
  for (const own of processesWorkingIn(cluster, 'postgres')) signalProcess(own, 'SIGCONT');
  child.kill('SIGINT');
  const harder = setTimeout(() => child.kill('SIGQUIT'), 60_000);
  const hardest = setTimeout(() => child.kill('SIGKILL'), 70_000);
  await ended;
  clearTimeout(harder);
  clearTimeout(hardest);
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
