import type { PluginContext } from '@orchestrall/sdk';
import type { CrmConfig } from '../config.ts';
import type { Kinds } from '../kinds.ts';
import { copyJob, copyJobOptions } from './copies/jobs.ts';
import { createCopyRun } from './copies/run.ts';
import { eraseJob, eraseJobOptions } from './erasure/jobs.ts';
import { createEraseRun } from './erasure/run.ts';
import {
  createCopySweep,
  createRetentionRun,
  forgetCopiesJob,
  retentionJob,
  retentionJobOptions,
} from './retention/run.ts';

/** Registers the jobs of exports, erasures and retention with their schedules. */
export function handlePersonalData(
  {
    database,
    history,
    jobs,
    config,
  }: Pick<PluginContext<CrmConfig, {}>, 'database' | 'history' | 'jobs' | 'config'>,
  kinds: Kinds,
): void {
  jobs.handle(copyJob, createCopyRun({ database, history, kinds }), copyJobOptions);
  jobs.handle(eraseJob, createEraseRun({ database, history, kinds }), eraseJobOptions);
  const night = createRetentionRun({ database, kinds, config: config.retention });
  jobs.handle(retentionJob, night, retentionJobOptions);
  jobs.schedule({ name: 'retention', cron: '30 2 * * *' }, retentionJob, {});
  jobs.handle(forgetCopiesJob, createCopySweep(database));
  jobs.schedule({ name: 'forget-personal-data-exports', cron: '15 * * * *' }, forgetCopiesJob, {});
}
