import type { Database, Jobs } from '@orchestrall/sdk';
import { abandonedReason, concludeImport, settleImport } from './endings.ts';
import { deleteStaleUploads, forgetImports, listForgotten, listUnfinished, lockImport } from './store.ts';
import { deleteTrials } from './trials.ts';

/** What sweeping works on. */
export interface SweepOptions {
  readonly database: Database;
  readonly jobs: Pick<Jobs, 'get'>;
  /** How long imports and their refused rows are kept after their end. */
  readonly retentionDays: number;
}

/** How much was taken away, and how many imports were ended that nothing would have ended. */
export interface Swept {
  readonly uploads: number;
  readonly settled: number;
  /** Imports that nobody started, and that were cancelled. */
  readonly cancelled: number;
  readonly trials: number;
  readonly forgotten: number;
}

/** How long an import waits for its start with its file kept, hours. */
const waitingHours = 24;

/** Makes the handler that keeps the tables of imports small; harmless when it is cut or runs twice. */
export function createSweep({ database, jobs, retentionDays }: SweepOptions): () => Promise<Swept> {
  return async () => {
    const uploads = await deleteStaleUploads(database);
    let settled = 0;
    for (const { id, jobId } of await listUnfinished(database)) {
      const reason = abandonedReason(await jobs.get(jobId));
      if (reason === undefined) continue;
      await settleImport(database, id, jobId, reason);
      settled += 1;
    }
    let cancelled = 0;
    for (const id of await listForgotten(database, waitingHours)) {
      if (await cancelWaiting(database, id)) cancelled += 1;
    }
    const trials = await deleteTrials(database);
    return { uploads, settled, cancelled, trials, forgotten: await forgetImports(database, retentionDays) };
  };
}

/** Cancels an import that waits for its start; false when it has been started or ended meanwhile. */
async function cancelWaiting(database: Database, id: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    const stored = await lockImport(tx, id);
    if (stored?.view.status !== 'uploaded' && stored?.view.status !== 'checked') return false;
    await concludeImport(tx, id, 'cancelled', `it was not started within ${waitingHours} hours`);
    return true;
  });
}
