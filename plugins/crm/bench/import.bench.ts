// A file of contacts with quoting and faults, sent to the real process and imported: how fast, in how much memory
// (proportional set size of node and PostgreSQL together) beside a file of 10,000 rows, and whether the error list
// names each faulty line.
import { figure, report } from '@orchestrall/core/testing';
import type { BenchRow } from '@orchestrall/core/testing';
import { parse } from 'csv-parse/sync';
import { startApplianceProcess } from './appliance-process.ts';
import { createFaultyFile } from './faulty-file.ts';
import { importFile } from './import-file.ts';
import { sampleMemory, watchMemory } from './process-memory.ts';

const manyRows = Number(process.env['BENCH_ROWS'] ?? 200_000);
const fewRows = 10_000;
const path = '/api/v1/crm/imports';
const megabyte = 1_048_576;

interface Outcome {
  readonly seconds: number;
  readonly idleMb: number;
  readonly peakMb: number;
  readonly peakNodeMb: number;
  readonly peakPostgresMb: number;
  readonly faults: number;
  /** Faulty lines that the list lacks, and lines that it names without reason. */
  readonly wrongLines: number;
}

async function measure(rows: number): Promise<Outcome> {
  await using appliance = await startApplianceProcess();
  const idle = await sampleMemory(appliance.pid);
  const file = createFaultyFile(rows);
  const importing = importFile(appliance, file.pieces);
  const samples = await watchMemory(appliance.pid, importing);
  const { ended, seconds } = await importing;
  const expected = { status: 'completed', rows_total: rows, rows_created: rows - file.faults.size };
  for (const [name, value] of Object.entries(expected)) {
    if (ended[name] !== value) throw new Error(`${name} is ${ended[name]} in place of ${value}`);
  }
  const headers = await appliance.authorization();
  const list = await (await fetch(`${appliance.url}${path}/${ended.id}/errors`, { headers })).text();
  const listed: string[][] = parse(list, { fromLine: 2, relaxColumnCount: true });
  const lines = new Set(listed.map(([line]) => Number(line)));
  return {
    seconds,
    idleMb: (idle.own + idle.children) / megabyte,
    peakMb: Math.max(...samples.map(({ own, children }) => own + children)) / megabyte,
    peakNodeMb: Math.max(...samples.map(({ own }) => own)) / megabyte,
    peakPostgresMb: Math.max(...samples.map(({ children }) => children)) / megabyte,
    faults: file.faults.size,
    wrongLines:
      new Set([...file.faults.keys()].filter((line) => !lines.has(line))).size +
      [...lines].filter((line) => !file.faults.has(line)).length +
      (listed.length - lines.size),
  };
}

const few = await measure(fewRows);
const many = await measure(manyRows);
const rate = manyRows / many.seconds;
const beside = (name: string, ours: number, peer: number, bound?: number): BenchRow => ({
  name: `import, ${name}, beside ${fewRows.toLocaleString('en')} rows`,
  ours,
  peer,
  unit: 'MB',
  ratio: ours / peer,
  target: bound === undefined ? 'none' : `< ${bound}`,
  met: bound === undefined || ours < bound,
});
report([
  figure(`import, ${manyRows.toLocaleString('en')} rows`, rate, 'rows/s', '>= 5,000', rate >= 5_000),
  beside('peak memory in all', many.peakMb, few.peakMb, 400),
  beside('peak memory of node', many.peakNodeMb, few.peakNodeMb),
  beside('peak memory of PostgreSQL', many.peakPostgresMb, few.peakPostgresMb),
  figure('import, memory before it', many.idleMb, 'MB'),
  figure(
    `import, ${many.faults} faulty lines: named wrongly`,
    many.wrongLines,
    'lines',
    '0',
    many.wrongLines === 0,
  ),
]);
