import type { JobsOptions } from '../ports.ts';
import { withoutScope } from '../../telemetry/scope.ts';

/** Channel on which replicas tell each other of new work: empty for that, an id when a job is to stop. */
export const jobsChannel = 'orchestrall_jobs';

/** At most one notification in this time: NOTIFY takes a lock of the whole server at its commit. */
const coalesceMs = 50;

/** Tells the other replicas that there is work, coalesced and outside the transaction that brought it. */
export function createWakeUp({ database, log }: Pick<JobsOptions, 'database' | 'log'>): {
  tell(): void;
} & Disposable {
  let timer: NodeJS.Timeout | undefined;
  return {
    tell() {
      timer ??= withoutScope(() =>
        setTimeout(() => {
          timer = undefined;
          // What this loses, the poll of the others finds.
          database
            .core()
            .query(`select pg_notify($1, '')`, [jobsChannel])
            .catch((error: unknown) => log.debug({ error }, 'replicas could not be told of new jobs'));
        }, coalesceMs),
      );
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
