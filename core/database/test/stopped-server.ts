import { readFile } from 'node:fs/promises';

/** A PostgreSQL server that hangs as a whole, until it is disposed. */
export async function stopServer(postmaster: number): Promise<Disposable> {
  // The first of them starts no others any more once it is stopped.
  process.kill(postmaster, 'SIGSTOP');
  const text = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  const pids = [...text.trim().split(/\s+/).map(Number), postmaster];
  for (const pid of pids) signal(pid, 'SIGSTOP');
  let continued = false;
  return {
    [Symbol.dispose]() {
      if (continued) return;
      continued = true;
      for (const pid of pids) signal(pid, 'SIGCONT');
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended between the reading and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
