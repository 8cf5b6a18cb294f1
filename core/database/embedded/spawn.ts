import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { isMainThread } from 'node:worker_threads';
import type { Layout } from './layout.ts';

/**
 * Spawns a program of the server as the server's account, in a process group of its own so that Ctrl-C in a
 * terminal does not reach it before the appliance has drained. Output goes to the descriptor `output`.
 *
 * It is interrupted (for PostgreSQL a fast stop) when this process ends, where util-linux's setpriv is there
 * to ask for it. Linux sends that signal when the spawning *thread* ends, so it is asked
 * for from the main thread only.
 */
export function spawnServerProgram(
  layout: Layout,
  program: string,
  parameters: readonly string[],
  output: number,
): ChildProcess {
  const guarded = isMainThread && canSetDeathSignal();
  const command = guarded ? 'setpriv' : program;
  const all = guarded ? ['--pdeathsig', 'INT', program, ...parameters] : parameters;
  return spawn(command, all, {
    detached: true,
    stdio: ['ignore', output, output, layout.handle?.fd ?? 'ignore'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(layout.account === undefined ? {} : layout.account),
    // The working folder must be one that the account can enter.
    cwd: '/',
  });
}

let deathSignal: boolean | undefined;

function canSetDeathSignal(): boolean {
  deathSignal ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'INT', 'true'], { stdio: 'ignore' }).status === 0;
  return deathSignal;
}
