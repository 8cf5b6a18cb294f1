// `npm run bench`: every benchmark after the other, each in a process of its own; then one table, which also becomes
// docs/benchmarks.md. `-- --short` measures less of each; further words choose benchmarks by path, and nothing is written.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { BenchRow } from './measure.ts';
import { benchmarkPage, tableOf } from './page.ts';
import type { BenchResult } from './page.ts';

/** What `--short` asks of every benchmark; each reads what it knows. */
const shortEnvironment = {
  BENCH_ROUNDS: '3',
  BENCH_SECONDS: '5',
  BENCH_REQUESTS: '20000',
  BENCH_EVENTS: '10000',
  BENCH_SWAPS: '100',
  BENCH_KILLS: '5',
  BENCH_CYCLES: '200',
  BENCH_ROWS: '20000',
  BENCH_CONTACTS: '20000',
};

const root = join(import.meta.dirname, '../../..');
const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const all = globSync(['core/*/bench/*.bench.ts', 'plugins/*/bench/*.bench.ts'], { cwd: root }).toSorted();
const chosen = all.filter(
  (file) => positionals.length === 0 || positionals.some((part) => file.includes(part)),
);
const results: BenchResult[] = [];
for (const file of chosen) results.push(await runOne(file));
process.stdout.write(`\n${tableOf(results)}`);
if (positionals.length === 0) {
  await writeFile(join(root, 'docs/benchmarks.md'), benchmarkPage(results, values.short));
}
process.exitCode = results.some(({ rows }) => rows === undefined) ? 1 : 0;

/** Shows a benchmark's output as it comes and keeps the rows of its last line. */
async function runOne(file: string): Promise<BenchResult> {
  process.stdout.write(`\n${file}\n`);
  const child = spawn(process.execPath, [join(root, file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(values.short ? shortEnvironment : {}) },
  });
  const ended = once(child, 'exit');
  let rows: readonly BenchRow[] | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('[{')) rows = JSON.parse(line);
    else process.stdout.write(`  ${line}\n`);
  }
  const [code]: unknown[] = await ended;
  if (code === 0 && rows !== undefined) return { file, rows };
  process.stdout.write(`  ended with ${String(code)}${rows === undefined ? ' and no result' : ''}\n`);
  return { file, rows: undefined };
}
