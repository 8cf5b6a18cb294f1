import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { pack } from '../packages/packed/pack.ts';
import type { CycleReport } from './reload-cycles.ts';

const cycles = Number(process.env['BENCH_CYCLES'] ?? 1000);
const keptTarget = 5 * 1024;

/** Runs the cycles in a process of its own; the reports until it ended, however it ended. */
async function run(
  kind: 'packed' | 'import',
  flags: readonly string[],
  file: string,
): Promise<CycleReport[]> {
  const script = new URL('reload-cycles.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [...flags, script, kind, file, String(cycles)], {
    // What V8 prints when the peer runs out of memory is not of interest; our own errors are.
    stdio: ['ignore', 'pipe', kind === 'packed' ? 'inherit' : 'ignore'],
    // Then it leaves its folder behind, which is to go with ours.
    env: { ...process.env, TMPDIR: dirname(file) },
  });
  const reports: CycleReport[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const parsed: CycleReport = JSON.parse(line);
    reports.push(parsed);
  }
  return reports;
}

/** Slope over the second half, when caches are warm: bytes a cycle. */
function keptPerCycle(reports: readonly CycleReport[]): number {
  const half = reports[Math.floor(reports.length / 2) - 1];
  const last = reports.at(-1);
  if (half === undefined || last === undefined) throw new Error('the run gave no reports');
  return Math.round((last.usedBytes - half.usedBytes) / (last.cycles - half.cycles));
}

/** A line against the peer: re-importing an ES module with a query string. */
function row(name: string, unit: string, ours: number, peer: number, target: string, met: boolean): BenchRow {
  return { name: `reload: ${name}`, ours, peer, unit, ratio: peer === 0 ? null : ours / peer, target, met };
}

function reached(reports: readonly CycleReport[]): number {
  return reports.at(-1)?.cycles ?? 0;
}

function megabytes(reports: readonly CycleReport[]): number {
  return Math.round(Math.max(...reports.map(({ usedBytes }) => usedBytes)) / 1024 / 1024);
}

function perCycle({ elapsedMs, cycles: done }: CycleReport): number {
  return Number((elapsedMs / done).toFixed(2));
}

/** What is left, in a heap of 128 MB without forced collection; the peer dies before the end. */
async function flatHeap(file: string): Promise<BenchRow[]> {
  const flags = ['--max-old-space-size=128'];
  const [ours, peer] = [await run('packed', flags, file), await run('import', flags, file)];
  return [
    row(
      'cycles that a 128 MB heap lasts',
      'cycles',
      reached(ours),
      reached(peer),
      `${cycles}`,
      reached(ours) === cycles,
    ),
    row(
      'most in use in a 128 MB heap',
      'MB',
      megabytes(ours),
      megabytes(peer),
      '<= 128',
      megabytes(ours) <= 128,
    ),
  ];
}

async function kept(file: string): Promise<BenchRow[]> {
  const flags = ['--no-compilation-cache', '--expose-gc'];
  const [ours, peer] = [await run('packed', flags, file), await run('import', flags, file)];
  const [lastOurs, lastPeer] = [ours.at(-1), peer.at(-1)];
  if (lastOurs === undefined || lastPeer === undefined) throw new Error('a run gave no reports');
  const [bytes, peerBytes] = [keptPerCycle(ours), keptPerCycle(peer)];
  const stray = lastOurs.strayHandles.length;
  return [
    row('kept per cycle', 'bytes', bytes, peerBytes, `<= ${keptTarget}`, bytes <= keptTarget),
    row('old generations alive', 'generations', lastOurs.alive, lastPeer.alive, '0', lastOurs.alive === 0),
    row('stray handles', 'handles', stray, lastPeer.strayHandles.length, '0', stray === 0),
    row('load, serve, unload', 'ms', perCycle(lastOurs), perCycle(lastPeer), 'none', true),
  ];
}

const folder = await mkdtemp(join(tmpdir(), 'orchestrall-reload-bench-'));
try {
  const file = join(folder, 'plugin.orchplugin');
  await pack(new URL('reload-plugin', import.meta.url).pathname, file);
  report([...(await kept(file)), ...(await flatHeap(file))]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
