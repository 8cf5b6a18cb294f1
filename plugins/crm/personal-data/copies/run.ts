import type { Job } from '@orchestrall/sdk';
import { copyDocument } from './document.ts';
import type { CopyOptions } from './document.ts';
import { copyJobOptions } from './jobs.ts';
import { appendPiece, endCopy, findCopy, startCopy } from './store.ts';

/** About how much of a copy is stored at a time, UTF-16 units; a piece ends between two values. */
const pieceLength = 262_144;

/** Makes the handler of the job that puts copies together; one that was cut begins anew. */
export function createCopyRun(
  options: CopyOptions,
): (job: Job<{ readonly export_id: string }>) => Promise<void> {
  return async (job) => {
    const id = job.payload.export_id;
    const copy = await findCopy(options.database, id);
    if (copy === undefined || copy.finished_at !== null) return;
    try {
      if (!(await job.transaction((tx) => startCopy(tx, id)))) return;
      let place = 0;
      let piece = '';
      const store = async (): Promise<void> => {
        const data = piece;
        piece = '';
        await job.transaction((tx) => appendPiece(tx, id, place, data));
        place += 1;
      };
      for await (const part of copyDocument(options, copy.contact_id)) {
        job.signal.throwIfAborted();
        piece += part;
        if (piece.length >= pieceLength) await store();
      }
      await store();
      await job.transaction((tx) => endCopy(tx, id, null));
    } catch (error) {
      job.signal.throwIfAborted();
      if (job.attempt < copyJobOptions.attempts) throw error;
      await job.transaction((tx) =>
        endCopy(tx, id, `gave up after ${job.attempt} attempts; ask for it again`),
      );
      throw error;
    }
  };
}
