import { writeProgress } from './claim.ts';
import type { JobsOptions } from '../ports.ts';
import type { Run } from './run.ts';

const intervalMs = 1000;

/** Writes the runs' progress, at most once a second and all in one statement. */
export interface ProgressWriter extends Disposable {
  /** Writes what one run has not written yet; called before it ends. */
  flush(run: Run): Promise<void>;
}

export function createProgressWriter(
  { database, log }: Pick<JobsOptions, 'database' | 'log'>,
  runs: ReadonlySet<Run>,
): ProgressWriter {
  const write = async (changed: readonly Run[]): Promise<void> => {
    const reports = changed.flatMap(({ claimed, progress }) =>
      progress === undefined ? [] : [{ id: claimed.id, fence: claimed.fence, ...progress }],
    );
    if (reports.length === 0) return;
    for (const run of changed) run.progress = undefined;
    await writeProgress(database.core(), reports);
  };
  const timer = setInterval(() => {
    write([...runs]).catch((error: unknown) =>
      log.warn({ err: error }, 'progress of jobs could not be written'),
    );
  }, intervalMs);
  return {
    flush: (run) => write([run]),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
