import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@orchestrall/sdk';
import { databaseError } from '../errors.ts';
import type { Account } from './account.ts';
import { identify, isRunning, processesWorkingIn, signalProcess, stateOf } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { mendLockFiles } from './stale-locks.ts';

/** How hard the leftover is pressed, and how long it is then waited for. */
export interface Pressure {
  readonly signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL';
  readonly waitMs: number;
}

/**
 * Fast stop first, then an immediate one (crash recovery makes up for it), then the kernel's: 20 s in all.
 * PostgreSQL itself kills its processes 5 s after it was told to stop immediately.
 */
const escalation: readonly Pressure[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Whose leftover is ended, and who is told. */
export interface LeftoverOptions {
  /** Folder of the data files, by its real path. */
  readonly cluster: string;
  /** Folder of the sockets, of this cluster alone. */
  readonly socketFolder: string;
  /** User the server runs as, when it is not this process's own. */
  readonly account: Account | undefined;
  /** Told what is waited for and how long at most. */
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** In place of 10 s after SIGINT, 5 s after SIGQUIT and 5 s after SIGKILL. */
  readonly escalation?: readonly Pressure[];
}

/**
 * Ends what a killed appliance left running on this cluster, and waits until the last process is gone, since
 * a new server refuses to start while an old one's processes hold its memory; then mends the lock files that
 * would stop the new one. To be called with the folder's lock held: then nobody else has a right to those
 * processes. Resolves to whether anything ran.
 *
 * Processes are recognised by their working folder and program (Linux) or, elsewhere, by the server's own pid
 * file and the program's name; a reused process number is never signalled. What is stopped is continued
 * first. Throws `EMBEDDED_POSTGRES_FAILED` naming the processes that do not end.
 */
export async function endLeftover(options: LeftoverOptions): Promise<boolean> {
  const { cluster, log } = options;
  const pidFile = join(cluster, 'postmaster.pid');
  const recorded = await recordedServer(pidFile);
  const startedAt = performance.now();
  const found = leftover(cluster, recorded).length > 0;
  for (const pressure of found ? (options.escalation ?? escalation) : []) {
    await press(options, recorded, pressure);
  }
  // Read before the last look: what it names then is no server of this cluster.
  const text = await readFile(pidFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const remaining = leftover(cluster, recorded);
  if (remaining.length > 0) throw stuck(remaining);
  if (found) {
    const tookMs = Math.round(performance.now() - startedAt);
    log.info({ took_ms: tookMs }, 'what an earlier start left running has ended');
  }
  await mendLockFiles({ ...options, text });
  return found;
}

/** Sends one signal to each that is to have it, newcomers included, and returns when none is left or in time. */
async function press(
  { cluster, log }: LeftoverOptions,
  recorded: ProcessIdentity | undefined,
  { signal, waitMs }: Pressure,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  const signalled = new Set<string>();
  for (;;) {
    const running = leftover(cluster, recorded);
    if (running.length === 0) return;
    const served = running.some((each) => isSame(each, recorded));
    // Orphans know no fast stop: to some of them its signal means something else.
    if (!served && signal === 'SIGINT') return;
    if (signalled.size === 0) {
      const processes = running.map(({ pid }) => ({ pid, state: stateOf(pid) }));
      const fields = { processes, signal, longest_wait_ms: waitMs };
      if (signal === 'SIGINT') log.info(fields, 'ending what an earlier start left running');
      else log.warn(fields, 'ending harder what an earlier start left running');
    }
    for (const each of running) {
      const key = `${each.pid} ${each.startedAt}`;
      // The server stops its own processes; they only have to be able to obey.
      const spared = served && signal !== 'SIGKILL' && !isSame(each, recorded);
      if (signalled.has(key)) continue;
      signalled.add(key);
      send(each, 'SIGCONT');
      if (!spared) send(each, signal);
    }
    if (performance.now() >= deadline) return;
    await pause(20);
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity | undefined): boolean {
  return one.pid === other?.pid && one.startedAt === other.startedAt;
}

function leftover(cluster: string, recorded: ProcessIdentity | undefined): ProcessIdentity[] {
  if (process.platform === 'linux') return processesWorkingIn(cluster, 'postgres');
  const ours = recorded !== undefined && isRunning(recorded) && isServerOf(cluster, recorded.pid);
  return ours ? [recorded] : [];
}

async function recordedServer(pidFile: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? identify(pid) : undefined;
}

/** For systems without `/proc`: the command line names the program and the folder it was started on. */
function isServerOf(cluster: string, pid: number): boolean {
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

function send(target: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    signalProcess(target, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    throw databaseError(
      'EMBEDDED_POSTGRES_FAILED',
      {
        reason: `the process ${target.pid} of an earlier start runs on these data as another user.`,
        hint: `End it as that user (kill -INT ${target.pid}), then start again as the user that owns the data folder.`,
      },
      error,
    );
  }
}

function stuck(remaining: readonly ProcessIdentity[]): Error {
  const named = remaining.map(({ pid }) => `${pid} (${stateOf(pid)})`).join(', ');
  return databaseError('EMBEDDED_POSTGRES_FAILED', {
    reason: `processes of an earlier start do not end, not even when killed: ${named}.`,
    hint:
      'Only the kernel holds them: mend the disk or network storage they wait for, let go of them in the debugger or ' +
      'frozen container that holds them, or restart the machine; then start again. Nothing committed is lost.',
  });
}
