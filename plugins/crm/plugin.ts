import { definePlugin } from '@orchestrall/sdk';
import { CrmConfig } from './config.ts';
import { crmContract } from './contract.ts';

export default definePlugin({
  name: 'crm',
  version: '0.1.0',
  engine: '^0.1.0',
  features: ['crm_integration'],
  prefixes: ['/api/v1/crm'],
  providers: ['builtin'],
  config: CrmConfig,
  provides: crmContract,

  async setup(context) {
    // What is off is found by this file alone: services and their SQL builder are loaded when it is switched on.
    const [
      { createContractService, createCrm },
      { importJob, importJobOptions, sweepJob },
      { createImportRun },
      { createSweep },
    ] = await Promise.all([
      import('./service.ts'),
      import('./imports/jobs.ts'),
      import('./imports/run.ts'),
      import('./imports/sweep.ts'),
    ]);
    const { config, database, http, jobs, log } = context;
    const crm = createCrm(context);
    http.routes(crm);
    jobs.handle(importJob, createImportRun(database, config.import_batch_rows), importJobOptions);
    const sweep = createSweep({ database, jobs, retentionDays: config.import_retention_days });
    jobs.handle(sweepJob, async () => {
      const swept = await sweep();
      if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'imports were swept');
    });
    jobs.schedule({ name: 'sweep-imports', cron: '*/10 * * * *' }, sweepJob, {});
    return { service: createContractService(crm) };
  },
});
