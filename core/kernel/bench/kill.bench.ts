// The real process is killed at random moments during writes and imports, fifty times, and started again on the same
// data; then what is there is compared with what was acknowledged.
import { figure, report } from '../../testing/bench/measure.ts';
import { killUnderWrites } from '../test/kill-scenario.ts';

const kills = Number(process.env['BENCH_KILLS'] ?? 50);
const result = await killUnderWrites({ kills, writers: 4, rowsPerImport: 10_000, longestMs: 3_000 });
for (const fault of result.faults) process.stdout.write(`${fault}\n`);
const { acknowledgedContacts, acknowledgedImports, faults } = result;
report([
  figure(
    `kill -9, ${kills} times over ${acknowledgedContacts} contacts and ${acknowledgedImports} imports: promises broken`,
    faults.length,
    'of them',
    '0',
    faults.length === 0,
  ),
]);
