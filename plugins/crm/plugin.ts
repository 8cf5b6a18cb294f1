import { definePlugin } from '@orchestrall/sdk';
import { CrmConfig } from './config.ts';
import { crmContract, importProgressed } from './contract.ts';
import type { ImportProgress } from './contract.ts';

export default definePlugin({
  name: 'crm',
  version: '0.1.0',
  engine: '^0.1.0',
  features: ['crm_integration'],
  prefixes: ['/api/v1/crm'],
  providers: ['builtin', 'salesforce'],
  hosts: ['*.salesforce.com', '*.salesforce.mil', 'config:instance_url'],
  extensions: ['fuzzystrmatch'],
  config: CrmConfig,
  provides: crmContract,

  async setup(context) {
    // What is off is found by this file alone: services and their SQL builder are loaded when it is switched on.
    const [
      { createContractService, createCrm },
      { importJob, importJobOptions, sweepJob },
      { createImportRun },
      { createSweep },
      { learnWords, learnWordsJob },
      { serveBulk, serveTable },
      { products },
      { createReminderRun, reminderJob },
      { handlePersonalData },
      { matchJob, matchJobOptions },
      { createMatchSweep },
    ] = await Promise.all([
      import('./service.ts'),
      import('./imports/jobs.ts'),
      import('./imports/run.ts'),
      import('./imports/sweep.ts'),
      import('./words/vocabulary.ts'),
      import('@orchestrall/sdk/resources'),
      import('./products/resource.ts'),
      import('./activities/reminders.ts'),
      import('./personal-data/jobs.ts'),
      import('./duplicates/jobs.ts'),
      import('./duplicates/sweep.ts'),
    ]);
    const { bus, config, database, http, jobs, log } = context;
    const crm = await createCrm(context);
    http.routes(crm);
    serveTable(context, products);
    for (const resource of crm.bulk) serveBulk(context, resource);
    const batchRows = config.import_batch_rows;
    const progressed = (progress: ImportProgress) =>
      bus.broadcast(importProgressed, progress, { subject: progress.import_id });
    const run = createImportRun({ database, scope: crm.importScope, batchRows, progressed });
    jobs.handle(importJob, run, importJobOptions);
    const sweep = createSweep({ database, jobs, retentionDays: config.import_retention_days });
    jobs.handle(sweepJob, async () => {
      const swept = await sweep();
      if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'imports were swept');
    });
    jobs.schedule({ name: 'sweep-imports', cron: '*/10 * * * *' }, sweepJob, {});
    jobs.handle(reminderJob, createReminderRun(crm.kinds.activities));
    jobs.schedule({ name: 'remind-of-activities', cron: '* * * * *' }, reminderJob, {});
    jobs.handle(learnWordsJob, learnWords);
    jobs.schedule({ name: 'learn-search-words', cron: '* * * * *' }, learnWordsJob, {});
    handlePersonalData(context, crm.kinds);
    jobs.handle(matchJob, createMatchSweep(database, crm.swept), matchJobOptions);
    jobs.schedule({ name: 'find-duplicates', cron: '* * * * *' }, matchJob, { waits: true });
    return { service: createContractService(crm) };
  },
});
