import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Memory of a process and all it has started, as proportional set sizes: pages shared by n count as 1/n each. */
export interface MemorySample {
  /** The process itself, bytes. */
  readonly own: number;
  /** The processes below it, bytes. */
  readonly children: number;
}

/** Linux only: reads `/proc/<pid>/smaps_rollup`; processes that end meanwhile count nothing. */
export async function sampleMemory(pid: number): Promise<MemorySample> {
  const below = await descendantsOf(pid);
  const sizes = await Promise.all(below.map(proportionalSize));
  return { own: await proportionalSize(pid), children: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Samples until `done` settles; resolves with every sample. */
export async function watchMemory(
  pid: number,
  done: Promise<unknown>,
  everyMs = 250,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const ended = new AbortController();
  const end = (): void => ended.abort();
  done.then(end, end);
  while (!ended.signal.aborted) {
    samples.push(await sampleMemory(pid));
    await pause(everyMs);
  }
  return samples;
}

async function proportionalSize(pid: number): Promise<number> {
  const text = await readGone(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1_024;
}

async function descendantsOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const name of names) {
    const stat = await readGone(`/proc/${name}/stat`);
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const parent = /\) \S (\d+)/.exec(stat.slice(stat.lastIndexOf(')')))?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (child: number): boolean => {
    const parent = parents.get(child);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** A file of `/proc`; empty once its process is gone. */
async function readGone(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
