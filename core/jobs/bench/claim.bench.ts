// Claiming and completing jobs, one by one and in batches, and whole jobs through the engine: medians of five on a
// throw-away server without durability, everything on this machine included. No peer runs beside it yet.
import { defineJob } from '@orchestrall/sdk';
import { fileURLToPath } from 'node:url';
import Type from 'typebox';
import { createDatabase } from '../../database/engine.ts';
import { readMigrations } from '../../database/migrate/migration.ts';
import { figure, median, report } from '../../testing/bench/measure.ts';
import type { BenchRow } from '../../testing/bench/measure.ts';
import { startTestServer } from '../../testing/test-server.ts';
import { claim, end } from '../running/claim.ts';
import { createJobs } from '../engine.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const perRound = 5000;
const plugin = 'bench';
const nothing = defineJob('nothing', Type.Object({}));
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const clock = { now: () => new Date(), monotonicMs: () => performance.now() };

await using server = await startTestServer('embedded');
await using database = await createDatabase({ connection: server.connection, log: silent });
await database.preparePlugin(plugin);
const folder = fileURLToPath(new URL('../migrations', import.meta.url));
await database.migrate([{ owner: 'core/jobs', migrations: await readMigrations(folder, 'core/jobs') }]);
const core = database.core();

async function fill(count: number): Promise<void> {
  await core.query(
    `insert into core.jobs (id, plugin, name, priority, run_at, payload, scope)
    select gen_random_uuid(), $1, 'nothing', step % 10, now(), '{}', '{}' from generate_series(1, $2::integer) step`,
    [plugin, count],
  );
}

async function claimAll(batch: number): Promise<void> {
  for (let done = 0; done < perRound;) {
    const jobs = await claim(core, [{ plugin, name: 'nothing', slots: batch, leaseMs: 60_000 }]);
    await end(
      core,
      jobs.map((job) => ({ ...job, status: 'completed' as const })),
    );
    done += jobs.length;
  }
}

async function engineRun(): Promise<void> {
  const all = Promise.withResolvers<void>();
  let ran = 0;
  await using engine = createJobs({ database, log: silent, clock, random: Math.random });
  await engine.start();
  const registration = engine.forPlugin({
    plugin,
    version: '1.0.0',
    generation: 1,
    run: (_kind, work) => work(),
  });
  registration.api.handle(
    nothing,
    async () => {
      ran += 1;
      if (ran === perRound) all.resolve();
    },
    { concurrency: 100 },
  );
  registration.activate();
  await all.promise;
  await registration[Symbol.asyncDispose]();
}

async function medianMs(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await core.query('delete from core.jobs');
    await fill(perRound);
    const beganAt = performance.now();
    await work();
    times.push(performance.now() - beganAt);
  }
  return median(times);
}

const rows: BenchRow[] = [];
for (const [name, work] of [
  ['claim and complete, one by one', () => claimAll(1)],
  ['claim and complete, batches of 100', () => claimAll(100)],
  ['jobs through the engine, 100 at a time', engineRun],
] as const) {
  const ms = await medianMs(work);
  rows.push(figure(name, (perRound / ms) * 1000, 'jobs/s'));
}
report(rows);
