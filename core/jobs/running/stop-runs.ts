import { release } from './claim.ts';
import type { JobsOptions } from '../ports.ts';
import { pause } from '../../pause.ts';
import type { Run } from './run.ts';

/** How long a cut handler has to end before its job is given to others. */
const stopGraceMs = 2000;

/** Tells runs to stop and gives back the jobs of those that do not, so that another generation goes on at once. */
export async function stopRuns(
  { database, log }: Pick<JobsOptions, 'database' | 'log'>,
  runs: readonly Run[],
): Promise<void> {
  if (runs.length === 0) return;
  for (const run of runs) run.stop('stopped');
  const timer = new AbortController();
  await Promise.race([
    Promise.all(runs.map((run) => run.ended)),
    pause(stopGraceMs, { signal: timer.signal }),
  ]);
  timer.abort();
  const left = runs.filter((run) => run.lane.runs.has(run));
  if (left.length === 0) return;
  log.warn({ jobs: left.map((run) => run.claimed.id) }, 'handlers of jobs did not stop when told to');
  await release(
    database.core(),
    left.map((run) => run.claimed),
  ).catch((error: unknown) => {
    log.warn({ error }, 'jobs could not be given back; they are taken over when their leases end');
  });
}
