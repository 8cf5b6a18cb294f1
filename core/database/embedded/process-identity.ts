import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What the system says about its start: boot id and clock ticks on Linux, a date elsewhere. */
  readonly startedAt: string;
}

/** Identity of a running process, or undefined when none (or only a zombie) has that number. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in brackets and may hold spaces and brackets itself.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
      const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      return { pid, startedAt: `${bootId}:${fields[19] ?? ''}` };
    } catch {
      return undefined;
    }
  }
  try {
    const startedAt = ask(pid, 'lstart');
    return startedAt === '' || ask(pid, 'stat').startsWith('Z') ? undefined : { pid, startedAt };
  } catch {
    return undefined;
  }
}

function ask(pid: number, field: 'lstart' | 'stat'): string {
  return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/** Whether the very process that was identified still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Signals the very process that was identified; one that has ended is left alone. Throws the system's `EPERM`. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    // It ended by itself in between.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const states: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for the kernel, mostly for a disk',
  T: 'stopped',
  t: 'held by a debugger',
  Z: 'ended',
  X: 'ended',
};

/** What a process is doing, in words for an operator; `unknown` where there is no `/proc`. */
export function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return states[stat.charAt(stat.lastIndexOf(')') + 2)] ?? 'unknown';
  } catch {
    return process.platform === 'linux' ? 'ended' : 'unknown';
  }
}

/**
 * Processes of `program` (a file name) whose working folder is `folder` (a real path), which is how PostgreSQL's
 * processes are told from others, such as a shell that somebody has open there. Linux only, and only those
 * this user may look at; elsewhere empty.
 */
export function processesWorkingIn(folder: string, program: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => readLink(name, 'cwd') === folder && isProgram(readLink(name, 'exe'), program))
    .map((name) => identify(Number(name)))
    .filter((identity) => identity !== undefined);
}

/** The kernel adds a word to the path of a program that has been replaced since. */
function isProgram(path: string | undefined, program: string): boolean {
  return path !== undefined && basename(path.replace(/ \(deleted\)$/, '')) === program;
}

function readLink(pid: string, link: 'cwd' | 'exe'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${link}`);
  } catch {
    return undefined;
  }
}
