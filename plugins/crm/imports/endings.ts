import type { Database, JobView, Transaction } from '@orchestrall/sdk';
import { importCancelled, importCompleted, importFailed } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Import } from './schemas.ts';
import { endImport, lockImport } from './store.ts';
import type { StoredImport } from './store.ts';

const events = { completed: importCompleted, failed: importFailed, cancelled: importCancelled };

/** Ends an import with its event and audit entry; its file is given up. */
export async function concludeImport(
  tx: Transaction,
  id: string,
  status: 'completed' | 'failed' | 'cancelled',
  reason: string | null = null,
): Promise<StoredImport> {
  const ended = await endImport(tx, id, status, reason);
  if (ended === undefined) throw new TypeError(`the import ${id} vanished while it was locked`);
  const { id: subject, object, rows_total, rows_created, rows_updated, rows_failed } = ended.view;
  const data = { import_id: subject, object, reason, rows_total, rows_created, rows_updated, rows_failed };
  tx.emit(events[status], data, { subject });
  tx.audit({ action: `import.${status}`, subjectType: 'import', subjectId: subject, after: data });
  return ended;
}

/** Why an import that has not ended never will, told from its job; undefined while its job may still end it. */
export function abandonedReason(job: JobView | undefined): string | undefined {
  if (job === undefined) return 'its job is no longer known';
  if (job.status !== 'failed' && job.status !== 'cancelled') return undefined;
  return job.error ?? `its job was ${job.status}`;
}

/**
 * Ends an import whose job has ended without it, as when the process died in each attempt; one that has ended
 * meanwhile stays as it is. Throws `IMPORT_NOT_FOUND`.
 */
export async function settleImport(database: Database, id: string, reason: string): Promise<Import> {
  return database.transaction(async (tx) => {
    const stored = await lockImport(tx, id);
    if (stored === undefined) throw crmError('IMPORT_NOT_FOUND', { id });
    return stored.view.finished_at === null
      ? (await concludeImport(tx, id, 'failed', reason)).view
      : stored.view;
  });
}
