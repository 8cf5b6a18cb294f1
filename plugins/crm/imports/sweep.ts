import type { Database, Jobs } from '@orchestrall/sdk';
import { abandonedReason, settleImport } from './endings.ts';
import { deleteStaleUploads, forgetImports, listUnfinished } from './store.ts';

/** What sweeping works on. */
export interface SweepOptions {
  readonly database: Database;
  readonly jobs: Pick<Jobs, 'get'>;
  /** How long imports and their refused rows are kept after their end. */
  readonly retentionDays: number;
}

/** How much was taken away, and how many imports were ended whose job had ended without them. */
export interface Swept {
  readonly uploads: number;
  readonly settled: number;
  readonly forgotten: number;
}

/** Makes the handler that keeps the tables of imports small; harmless when it is cut or runs twice. */
export function createSweep({ database, jobs, retentionDays }: SweepOptions): () => Promise<Swept> {
  return async () => {
    const uploads = await deleteStaleUploads(database);
    let settled = 0;
    for (const { id, jobId } of await listUnfinished(database)) {
      const reason = abandonedReason(await jobs.get(jobId));
      if (reason === undefined) continue;
      await settleImport(database, id, reason);
      settled += 1;
    }
    return { uploads, settled, forgotten: await forgetImports(database, retentionDays) };
  };
}
