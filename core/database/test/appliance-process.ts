import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Starts an appliance to be killed: it writes rows for ever; `path` says where it looks for programs. */
export function spawnAppliance(folder: string, path: string): ChildProcess {
  const script = join(import.meta.dirname, 'fixtures', 'writing-appliance.ts');
  return spawn(process.execPath, [script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: path },
  });
}

/** Reads until `count` rows are acknowledged; `numbers` gives all that were by then and later. */
export async function readAppliance(
  child: ChildProcess,
  count: number,
): Promise<{ serverPid: number; numbers: () => number[] }> {
  const numbers: number[] = [];
  let serverPid = 0;
  if (child.stdout === null) throw new TypeError('the output of the appliance is piped');
  const lines = createInterface(child.stdout);
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the appliance ended with ${code}`)));
    lines.on('line', (line) => {
      if (line.startsWith('READY ')) serverPid = Number(line.slice(6));
      else numbers.push(Number(line));
      if (numbers.length === count) resolve();
    });
  });
  return { serverPid, numbers: () => numbers };
}
