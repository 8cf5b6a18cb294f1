import type { Statement } from '@orchestrall/sdk';
import { effectPort } from '../database/effects.ts';
import type { EnqueuePort } from '../database/effects.ts';
import { newJob } from './new-job.ts';
import type { NewJob } from './new-job.ts';

/** SQL that stores jobs of one plugin; run as the core. Answers `new_id`, `kept_id` where a unique key was taken. */
export function enqueueStatement(plugin: string, jobs: readonly NewJob[]): Statement {
  return {
    sql: 'select new_id, kept_id from core.enqueue_jobs($1, $2::jsonb)',
    parameters: [plugin, JSON.stringify(jobs)],
  };
}

/**
 * What the database room calls for `tx.enqueue`: jobs are checked when they are enqueued, stored with the commit,
 * and told of after it.
 */
export function createEnqueuePort(committed: () => void): EnqueuePort {
  return effectPort({
    prepare(_scope, definition, payload, options) {
      const job = newJob(definition, payload, options);
      return { effect: job, result: job.id };
    },
    statements: (jobs: readonly NewJob[], scope) => [enqueueStatement(scope.owner, jobs)],
    committed,
  });
}
