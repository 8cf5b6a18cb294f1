import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseError } from '../errors.ts';
import { identify, isRunning, processesWorkingIn } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Fast stop first, then harder; each is given this long. */
const escalation: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[] = [
  { signal: 'SIGINT', waitMs: 60_000 },
  { signal: 'SIGQUIT', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 10_000 },
];

/**
 * Ends what a killed appliance left running on this cluster, and waits until the last process is gone, since
 * a new server refuses to start while an old one's processes hold its memory. To be called with the folder's
 * lock held: then nobody else has a right to those processes.
 *
 * Processes are recognised by their working folder (Linux) or, elsewhere, by the server's own pid file and
 * the program's name; a reused process number is never signalled.
 */
export async function endLeftover(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const recorded = await recordedServer(pidFile);
  for (const { signal, waitMs } of escalation) {
    const running = leftover(cluster, recorded);
    if (running.length === 0) break;
    const server = running.find(({ pid }) => pid === recorded?.pid);
    // The server stops its own processes. Without one they are orphans, which end by themselves or at once
    // when told to; to some of them the signal of a fast stop means something else.
    if (server !== undefined) send(server.pid, signal);
    else for (const { pid } of running) send(pid, signal === 'SIGINT' ? 'SIGQUIT' : signal);
    await waitUntilGone(running, waitMs);
  }
  const remaining = leftover(cluster, recorded);
  if (remaining.length > 0) {
    throw databaseError('EMBEDDED_POSTGRES_FAILED', {
      reason: `processes of an earlier start do not end: ${remaining.map(({ pid }) => pid).join(', ')}.`,
      hint: 'End these processes and start again.',
    });
  }
  // The number now belongs to a stranger, for whom PostgreSQL would refuse to start.
  if (recorded !== undefined && identify(recorded.pid) !== undefined) await rm(pidFile, { force: true });
}

function leftover(cluster: string, recorded: ProcessIdentity | undefined): ProcessIdentity[] {
  if (process.platform === 'linux') return processesWorkingIn(cluster);
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

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function waitUntilGone(processes: readonly ProcessIdentity[], limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (processes.some(isRunning) && performance.now() < deadline) await pause(20);
}
