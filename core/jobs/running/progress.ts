import { writeProgress } from './claim.ts';
import type { JobsOptions } from '../ports.ts';
import type { Run } from './run.ts';

const intervalMs = 1000;

/** Writes the runs' progress, at most once a second and all in one statement. */
export interface ProgressWriter extends Disposable {
  /** Writes what one run has not written yet; called before it ends. */
  flush(run: Run): Promise<void>;
}

/** One write at a time, so that an older report never overtakes a newer one; what comes meanwhile shares the next. */
export function createProgressWriter(
  { database, log }: Pick<JobsOptions, 'database' | 'log'>,
  runs: ReadonlySet<Run>,
): ProgressWriter {
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    const changed = [...runs].flatMap((run) =>
      run.progress === undefined ? [] : [{ run, report: run.progress }],
    );
    if (changed.length === 0) return;
    const written = await writeProgress(
      database.core(),
      changed.map(({ run: { claimed }, report }) => ({ id: claimed.id, fence: claimed.fence, ...report })),
    );
    // A row that a transaction holds locked is written next time.
    for (const { run, report } of changed) {
      if (written.has(run.claimed.id) && run.progress === report) run.progress = undefined;
    }
  };
  const writeNext = (): Promise<void> => {
    // Whoever asked for the write before has heard of its failure.
    next ??= writing
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        writing = write();
        return writing;
      });
    return next;
  };
  const timer = setInterval(() => {
    writeNext().catch((error: unknown) => log.warn({ error }, 'progress of jobs could not be written'));
  }, intervalMs);
  return {
    flush: async (run) => {
      if (run.progress !== undefined) await writeNext();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
