import type { ImportProgress } from '../contract.ts';
import type { StoredImport } from './store.ts';

/** Tells how far an import is. */
export type Progressed = (progress: ImportProgress) => void;

/** Shortest time between two tellings, milliseconds. */
const pauseMs = 1_000;

/** Makes what tells how far one import is after each batch, at most once a second. */
export function createProgress(tell: Progressed): (stored: StoredImport) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return ({ view }) => {
    const now = performance.now();
    if (now - toldAt < pauseMs) return;
    toldAt = now;
    tell(progressOf(view));
  };
}

function progressOf(view: StoredImport['view']): ImportProgress {
  const { id, object, status, bytes_total, bytes_done } = view;
  const { rows_total, rows_created, rows_updated, rows_failed } = view;
  return {
    import_id: id,
    object,
    dry_run: status === 'checking',
    bytes_total,
    bytes_done,
    rows_total,
    rows_created,
    rows_updated,
    rows_failed,
  };
}
