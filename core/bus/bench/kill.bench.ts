// A process that writes and handles events on a durable embedded PostgreSQL is killed every five seconds until
// 100,000 events are through; then what the database holds is counted.
import { killUnderLoad } from '../test/kill-harness.ts';
import { startServer } from '../test/fixture.ts';
import { report } from '../../testing/bench/measure.ts';

const total = Number(process.env['BENCH_EVENTS'] ?? 100_000);
const keys = 50;

await using server = await startServer(true);
const result = await killUnderLoad({
  connection: server.connection,
  keys,
  perKey: Math.ceil(total / keys),
  failing: 0.001,
  killAfterMs: [4_500, 5_500],
  kills: 1_000,
  deadlineMs: 600_000,
});
const faults = [
  ['lost', result.lost],
  ['doubled', result.doubled],
  ['reordered within a key', result.reordered],
  ['dead letters', result.deadLetters],
] as const;
report(
  faults.map(([name, count]) => ({
    name: `kill -9, ${result.kills} times over ${result.written} events: ${name}`,
    ours: count,
    peer: null,
    unit: 'events',
    ratio: null,
    target: '0',
    met: count === 0,
  })),
);
