import type { Database, JobView, Transaction } from '@orchestrall/sdk';
import { importCancelled, importChecked, importCompleted, importFailed } from '../contract.ts';
import type { ImportEnding } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { Import } from './schemas.ts';
import { endImport, endTrial, lockImport } from './store.ts';
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
  const data = endingOf(ended.view, reason);
  tx.emit(events[status], data, { subject: id });
  tx.audit({ action: `import.${status}`, subjectType: 'import', subjectId: id, after: data });
  return ended;
}

/** Ends a dry run with its event: the import waits again to be started, with the reason if its file could not be read. */
export async function concludeTrial(
  tx: Transaction,
  id: string,
  reason: string | null = null,
): Promise<StoredImport> {
  const ended = await endTrial(tx, id, reason);
  if (ended === undefined) throw new TypeError(`the import ${id} vanished while it was locked`);
  tx.emit(importChecked, endingOf(ended.view, reason), { subject: id });
  return ended;
}

/** Why an import that has not ended never will, told from its job; undefined while its job may still end it. */
export function abandonedReason(job: JobView | undefined): string | undefined {
  if (job === undefined) return 'its job is no longer known';
  if (job.status !== 'failed' && job.status !== 'cancelled') return undefined;
  return job.error ?? `its job was ${job.status}`;
}

/**
 * Ends an import, or its dry run, whose job has ended without it, as when the process died in each attempt; one that
 * has ended meanwhile stays as it is. Throws `IMPORT_NOT_FOUND`.
 */
export async function settleImport(
  database: Database,
  id: string,
  jobId: string,
  reason: string,
): Promise<Import> {
  return database.transaction(async (tx) => {
    const stored = await lockImport(tx, id);
    if (stored === undefined) throw crmError('IMPORT_NOT_FOUND', { id });
    if (stored.jobId !== jobId || stored.view.finished_at !== null) return stored.view;
    const { view } =
      stored.view.status === 'checking'
        ? await concludeTrial(tx, id, reason)
        : await concludeImport(tx, id, 'failed', reason);
    return view;
  });
}

function endingOf(view: Import, reason: string | null): ImportEnding {
  const { id, object, rows_total, rows_created, rows_updated, rows_failed } = view;
  return { import_id: id, object, reason, rows_total, rows_created, rows_updated, rows_failed };
}
