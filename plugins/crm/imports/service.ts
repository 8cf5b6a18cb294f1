import { createId, validationFailed } from '@orchestrall/sdk';
import type { Database, Jobs, Log } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import { csvFile } from '../csv/writer.ts';
import { crmError } from '../errors.ts';
import { byId, readPage } from '../paging/cursor.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import { recordKinds } from '../kinds.ts';
import { abandonedReason, concludeImport, settleImport } from './endings.ts';
import { streamRowErrors } from './file-store.ts';
import { importJob } from './jobs.ts';
import type { Import, ImportKey, ImportObject } from './schemas.ts';
import { deleteUpload, findImport, insertUpload, listImports, lockImport, queueImport } from './store.ts';
import type { StoredImport } from './store.ts';
import { storeFile } from './upload.ts';

/** What an import is started with. */
export interface StartImport {
  readonly object: ImportObject;
  /** Field by which a row finds its record; default `email` for contacts, `domain` for companies. */
  readonly key?: ImportKey | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Size the sender announces, bytes. */
  readonly announcedBytes?: number | undefined;
  readonly by: Actor;
}

/** Imports of CSV files. */
export interface Imports {
  /**
   * Takes a file in and queues its import. A file that cannot be CSV makes an import that has already failed.
   * Throws `VALIDATION_FAILED` for a key the object does not have, and `UPLOAD_TOO_LARGE`.
   */
  start(given: StartImport): Promise<Import>;
  /** Throws `IMPORT_NOT_FOUND`. */
  get(id: string): Promise<Import>;
  /** Newest first. Throws `CURSOR_INVALID`. */
  list(page: PageRequest): Promise<Page<Import>>;
  /** Stops an import; what it has committed stays. Throws `IMPORT_NOT_FOUND`, `IMPORT_ENDED`. */
  cancel(id: string): Promise<Import>;
  /** The refused rows as CSV: `line`, `reason` and the cells as they were. Throws `IMPORT_NOT_FOUND`. */
  errors(id: string): Promise<AsyncIterable<string>>;
}

/** What imports are made of. */
export interface ImportServiceOptions {
  readonly database: Database;
  readonly jobs: Pick<Jobs, 'get' | 'cancel'>;
  readonly maxBytes: number;
  readonly log: Pick<Log, 'warn'>;
}

/** Creates the service of imports. */
export function createImportService({ database, jobs, maxBytes, log }: ImportServiceOptions): Imports {
  return {
    async start({ object, body, announcedBytes = 0, by, ...given }) {
      const keys = Object.keys(recordKinds[object].keys);
      const key = given.key ?? keys[0];
      if (key === undefined || !keys.includes(key)) {
        const message = `must be ${keys.join(' or ')} for ${object}`;
        throw validationFailed([{ path: '/querystring/key', message }]);
      }
      if (announcedBytes > maxBytes) throw crmError('UPLOAD_TOO_LARGE', { max_bytes: maxBytes });
      const id = createId();
      await insertUpload(database, { id, object, key, by });
      try {
        const reason = await storeFile(database, id, body, maxBytes);
        await finishUpload(database, id, reason);
      } catch (error) {
        // The first error is the one to throw.
        await deleteUpload(database, id).catch((failure: unknown) => {
          log.warn({ error: failure, import_id: id }, 'an upload that failed stays until it is swept');
        });
        throw error;
      }
      return (await requireImport(database, id)).view;
    },

    async get(id) {
      const stored = await requireImport(database, id);
      if (stored.view.finished_at !== null || stored.jobId === undefined) return stored.view;
      const reason = abandonedReason(await jobs.get(stored.jobId));
      return reason === undefined ? stored.view : settleImport(database, id, reason);
    },

    async list(page) {
      const { items, next_cursor } = await readPage(
        'imports',
        page,
        byId((stored: StoredImport) => stored.view.id),
        (before, limit) => listImports(database, before, limit),
      );
      return { items: items.map((stored) => stored.view), next_cursor };
    },

    async cancel(id) {
      const cancelled = await database.transaction(async (tx) => {
        const stored = await lockImport(tx, id);
        if (stored === undefined) throw crmError('IMPORT_NOT_FOUND', { id });
        const { status, finished_at } = stored.view;
        if (status === 'cancelled') return stored;
        if (finished_at !== null) throw crmError('IMPORT_ENDED', { id, status });
        return concludeImport(tx, id, 'cancelled');
      });
      if (cancelled.jobId !== undefined) await jobs.cancel(cancelled.jobId);
      return cancelled.view;
    },

    async errors(id) {
      const { header = [] } = await requireImport(database, id);
      return csvFile(['line', 'reason', ...header], streamRowErrors(database, id), (error) => [
        error.line,
        error.reason,
        ...error.cells,
      ]);
    },
  };
}

/** Turns a complete upload into an import: queued, or failed when the file cannot be CSV. */
async function finishUpload(database: Database, id: string, reason: string | undefined): Promise<void> {
  await database.transaction(async (tx) => {
    if (reason === undefined) await queueImport(tx, id, tx.enqueue(importJob, { import_id: id }));
    else await concludeImport(tx, id, 'failed', reason);
  });
}

async function requireImport(database: Database, id: string): Promise<StoredImport> {
  const stored = await findImport(database, id);
  if (stored === undefined) throw crmError('IMPORT_NOT_FOUND', { id });
  return stored;
}
