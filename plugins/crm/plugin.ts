import { definePlugin } from '@orchestrall/sdk';
import { CrmConfig } from './config.ts';
import { crmContract } from './contract.ts';
import { importJob, importJobOptions, sweepJob } from './imports/jobs.ts';
import { createImportRun } from './imports/run.ts';
import { createSweep } from './imports/sweep.ts';
import { createContractService, createCrm } from './service.ts';

export default definePlugin({
  name: 'crm',
  version: '0.1.0',
  engine: '^0.1.0',
  features: ['crm_integration'],
  prefixes: ['/api/v1/crm'],
  providers: ['builtin'],
  config: CrmConfig,
  provides: crmContract,

  setup(context) {
    const { config, database, http, jobs, log } = context;
    const crm = createCrm(context);
    http.routes(crm);
    jobs.handle(importJob, createImportRun(database, config.import_batch_rows), importJobOptions);
    const sweep = createSweep({ database, jobs, retentionDays: config.import_retention_days });
    jobs.handle(sweepJob, async () => {
      const swept = await sweep();
      if (Object.values(swept).some((count) => count > 0)) log.info(swept, 'Imports were swept');
    });
    jobs.schedule({ name: 'sweep-imports', cron: '*/10 * * * *' }, sweepJob, {});
    return { service: createContractService(crm) };
  },
});
