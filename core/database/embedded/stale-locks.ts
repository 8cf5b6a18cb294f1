import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTo } from './account.ts';
import type { Account } from './account.ts';

/** The lock files of a server that is gone. */
export interface StaleLocks {
  /** Folder of the data files. */
  readonly cluster: string;
  /** Folder of the sockets, of this cluster alone. */
  readonly socketFolder: string;
  /** User the server runs as, when it is not this process's own. */
  readonly account: Account | undefined;
  /** Content of `postmaster.pid`; undefined when there is none. */
  readonly text: string | undefined;
}

/**
 * Makes the lock files of a server that is surely gone harmless to the next one, which takes any process with
 * the number in them for its rival: a stranger that got the number later, and also the dead one itself for as
 * long as its parent has not asked how it ended.
 *
 * The pid file is kept, since it names the shared memory by which the new server makes sure that no process
 * of the old one is left. It gets the number of this process, which a server does not mind in its parent
 * (`CreateLockFile` in PostgreSQL's miscinit.c). Without a number in it, as after a kill between making and
 * writing it, no server was there yet and it is removed.
 */
export async function mendLockFiles(locks: StaleLocks): Promise<void> {
  for (const name of await readdir(locks.socketFolder).catch(() => [])) {
    if (/^\.s\.PGSQL\.\d+\.lock$/.test(name)) await rm(join(locks.socketFolder, name), { force: true });
  }
  if (locks.text === undefined) return;
  const pidFile = join(locks.cluster, 'postmaster.pid');
  const [first = '', ...others] = locks.text.split('\n');
  const pid = Number(first);
  if (first.trim() === '' || !Number.isInteger(pid) || pid <= 0) {
    await rm(pidFile, { force: true });
    return;
  }
  if (!isTaken(pid)) return;
  await writeFile(`${pidFile}.new`, [process.pid, ...others].join('\n'), { mode: 0o600 });
  await giveTo(locks.account, `${pidFile}.new`);
  await rename(`${pidFile}.new`, pidFile);
}

/** Whether the number is in use, be it by a process that has ended and was not reaped. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
