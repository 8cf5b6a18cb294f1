import type { Transaction } from '@orchestrall/sdk';
import { importCancelled, importCompleted, importFailed } from '../contract.ts';
import { endImport } from './store.ts';
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
  const { object, rows_total, rows_created, rows_updated, rows_failed } = ended.view;
  const data = { import_id: id, object, reason, rows_total, rows_created, rows_updated, rows_failed };
  tx.emit(events[status], data, { subject: id });
  tx.audit({ action: `import.${status}`, subjectType: 'import', subjectId: id, after: data });
  return ended;
}
