// An import of contacts in the real process, which is ended by `kill -9` again and again at random moments: what is left
// in the end beside the same import undisturbed, row for row. BENCH_KILLS and BENCH_KILL_ROWS set how often and of how
// many rows; BENCH_SEED sets the moments.
import { figure, report } from '@orchestrall/core/testing';
import { surviveKills } from './kills/survive-kills.ts';
import { createRandom } from './scale/random.ts';

const kills = Number(process.env['BENCH_KILLS'] ?? 30);
const rows = Number(process.env['BENCH_KILL_ROWS'] ?? 50_000);
const random = createRandom(Number(process.env['BENCH_SEED'] ?? 1));
const { killed, compared, differences } = await surviveKills({ rows, kills, random });
for (const difference of differences) process.stderr.write(`${difference}\n`);
const whole = differences.length === 0;
report([
  figure(`import of ${rows.toLocaleString('en')} rows, kill -9 of node`, killed.node, 'kills'),
  figure(`import of ${rows.toLocaleString('en')} rows, kill -9 of node and PostgreSQL`, killed.both, 'kills'),
  figure('rows, refusals, counts, events and entries compared', compared, 'items'),
  figure('that differ from the import undisturbed', differences.length, 'items', '0', whole),
]);
