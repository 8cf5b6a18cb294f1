import { readdir, readFile } from 'node:fs/promises';

/** A moment of a process and all that descend from it. */
export interface TreeUsage {
  readonly processes: number;
  /** User and system time so far, of the processes that run now and of those they have waited for. */
  readonly cpuSeconds: number;
  /** Proportional set size: shared pages count once among those that share them (proc_pid_smaps(5)). */
  readonly proportionalBytes: number;
}

/** Ticks of /proc's clocks: 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Reads /proc: Linux only. Throws when a process of the tree may not be looked at. */
export async function usageOfTree(root: number): Promise<TreeUsage> {
  const stats = await allStats();
  const pids = [root];
  // The list grows while it is walked, generation by generation.
  for (const pid of pids) for (const [child, { parent }] of stats) if (parent === pid) pids.push(child);
  let proportionalBytes = 0;
  for (const pid of pids) proportionalBytes += await proportionalBytesOf(pid);
  const ticks = pids.reduce((sum, pid) => sum + (stats.get(pid)?.ticks ?? 0), 0);
  return { processes: pids.length, cpuSeconds: ticks / ticksPerSecond, proportionalBytes };
}

async function allStats(): Promise<Map<number, Stat>> {
  const stats = new Map<number, Stat>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readUnlessGone(`/proc/${name}/stat`);
    // The program's name stands in parentheses and may hold anything; the fields behind it are numbers.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [, parent, , , , , , , , , , user, system, childUser, childSystem] = fields.map(Number);
    if (parent === undefined) continue;
    const ticks = (user ?? 0) + (system ?? 0) + (childUser ?? 0) + (childSystem ?? 0);
    stats.set(Number(name), { parent, ticks });
  }
  return stats;
}

async function proportionalBytesOf(pid: number): Promise<number> {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(await readUnlessGone(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

async function readUnlessGone(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
