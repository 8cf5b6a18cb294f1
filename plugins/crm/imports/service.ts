import { createId, validationFailed } from '@orchestrall/sdk';
import type { Answer, Caller, Database, Jobs, Log, Transaction } from '@orchestrall/sdk';
import type { CsvFormat, GivenFormat } from '../csv/format.ts';
import { csvFile } from '../csv/writer.ts';
import type { CsvWriting } from '../csv/writer.ts';
import { crmError } from '../errors.ts';
import { byId, readPage } from '../paging/cursor.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import { abandonedReason, concludeImport, settleImport } from './endings.ts';
import { readPieces, streamRowErrors } from './file-store.ts';
import { importJob } from './jobs.ts';
import { previewImport } from './preview.ts';
import type { Import, ImportObject, ImportPatch, ImportPreview } from './schemas.ts';
import { scopeOf, seesAllOf } from './scope.ts';
import type { ImportScope } from './scope.ts';
import { readSettings } from './settings.ts';
import type { GivenSettings } from './settings.ts';
import {
  clearErrors,
  deleteUpload,
  findImport,
  insertUpload,
  keepUpload,
  listImports,
  lockImport,
  queueImport,
  resetImport,
} from './store.ts';
import type { StoredImport } from './store.ts';
import { inspectFile, storeFile } from './upload.ts';

/** What is done with a file once it has come. */
export type AfterUpload = 'import' | 'dry_run' | 'wait';

/** What an import is made of. */
export interface UploadImport {
  readonly object: ImportObject;
  readonly settings: GivenSettings;
  /** What is known of the file; the rest is detected. */
  readonly format: GivenFormat;
  readonly after: AfterUpload;
  readonly body: AsyncIterable<Uint8Array>;
  /** Size the sender announces, bytes. */
  readonly announcedBytes?: number | undefined;
  readonly by: Caller;
}

/** Imports of CSV files. */
export interface Imports {
  /**
   * Takes a file in and does with it what is wanted. A file that cannot be read to its end makes an import that has
   * already failed. Throws `VALIDATION_FAILED` for a key or mapping that the records do not have, `UPLOAD_TOO_LARGE`,
   * `FILE_NOT_CSV`, `ROW_TOO_LONG`.
   */
  upload(given: UploadImport): Promise<Answer>;
  /**
   * Changes the settings of an import that has not been started. Throws `IMPORT_NOT_FOUND`, `IMPORT_STARTED`,
   * `IMPORT_ENDED`, `VALIDATION_FAILED`, `ROW_TOO_LONG`.
   */
  update(id: string, patch: ImportPatch, by: Caller): Promise<Import>;
  /** What an import that has not been started would make of its file. Throws as `update`. */
  preview(id: string, by: Caller): Promise<ImportPreview>;
  /** Starts an import, or its dry run. Throws `IMPORT_NOT_FOUND`, `IMPORT_STARTED`, `IMPORT_ENDED`. */
  start(id: string, isTrial: boolean, by: Caller): Promise<Answer>;
  /** Throws `IMPORT_NOT_FOUND`. */
  get(id: string): Promise<Import>;
  /** Newest first. Throws `CURSOR_INVALID`. */
  list(page: PageRequest): Promise<Page<Import>>;
  /** Stops an import; what it has committed stays. Throws `IMPORT_NOT_FOUND`, `IMPORT_ENDED`. */
  cancel(id: string, by: Caller): Promise<Import>;
  /** The refused rows as CSV: `line`, `reason` and the cells as they were. Throws `IMPORT_NOT_FOUND`. */
  errors(id: string, by: Caller, writing?: CsvWriting): Promise<AsyncIterable<string>>;
}

/** What imports are made of. */
export interface ImportServiceOptions {
  readonly database: Database;
  readonly scope: ImportScope;
  readonly jobs: Pick<Jobs, 'get' | 'cancel'>;
  readonly maxBytes: number;
  readonly log: Pick<Log, 'warn'>;
}

/** Creates the service of imports. */
export function createImportService({ database, scope, jobs, maxBytes, log }: ImportServiceOptions): Imports {
  // A file may hold records that others do not see: it is for its sender, and for those who see all of them.
  const requireOwn = (stored: StoredImport, by: Caller): StoredImport => {
    if (stored.by.id === by.id || seesAllOf(scopeOf(scope, stored.view.object, by))) return stored;
    throw crmError('IMPORT_NOT_FOUND', { id: stored.view.id });
  };
  return {
    async upload({ object, settings, format, after, body, announcedBytes = 0, by }) {
      const read = readSettings(scopeOf(scope, object, by), settings, '/querystring');
      if (announcedBytes > maxBytes) throw crmError('UPLOAD_TOO_LARGE', { max_bytes: maxBytes });
      const id = createId();
      await insertUpload(database, { id, object, by }, read);
      try {
        const inspected = await storeFile(database, id, body, maxBytes, format);
        return await database.transaction(async (tx) => {
          if (inspected.format === undefined) {
            await concludeImport(tx, id, 'failed', inspected.reason);
          } else {
            await keepUpload(tx, id, inspected.format);
            if (after !== 'wait') await queue(tx, id, after === 'dry_run');
          }
          return accepted(tx, id);
        });
      } catch (error) {
        // The first error is the one to throw.
        await deleteUpload(database, id).catch((failure: unknown) => {
          log.warn({ error: failure, import_id: id }, 'an upload that failed stays until it is swept');
        });
        throw error;
      }
    },

    async update(id, { delimiter, encoding, quote, ...given }, by) {
      const { view } = requireWaiting(requireOwn(await requireImport(database, id), by));
      const said = { delimiter, encoding, quote };
      const format = await reformat(database, view, said);
      await database.transaction(async (tx) => {
        const { view: current, by: sender } = requireWaiting(await requireImport(tx, id, lockImport));
        const settings = readSettings(scopeOf(scope, current.object, sender), given, '/body', current);
        await resetImport(tx, id, { ...settings, format });
      });
      await clearErrors(database, id);
      return (await requireImport(database, id)).view;
    },

    async preview(id, by) {
      const { view, by: sender } = requireWaiting(requireOwn(await requireImport(database, id), by));
      return previewImport(scopeOf(scope, view.object, sender), view, readPieces(database, id, 0));
    },

    async start(id, isTrial, by) {
      return database.transaction(async (tx) => {
        requireWaiting(requireOwn(await requireImport(tx, id, lockImport), by));
        await queue(tx, id, isTrial);
        return accepted(tx, id);
      });
    },

    async get(id) {
      const stored = await requireImport(database, id);
      if (stored.view.finished_at !== null || stored.jobId === undefined) return stored.view;
      const reason = abandonedReason(await jobs.get(stored.jobId));
      return reason === undefined ? stored.view : settleImport(database, id, stored.jobId, reason);
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

    async cancel(id, by) {
      const cancelled = await database.transaction(async (tx) => {
        const stored = requireOwn(await requireImport(tx, id, lockImport), by);
        const { status, finished_at } = stored.view;
        if (status === 'cancelled') return stored;
        if (finished_at !== null) throw crmError('IMPORT_ENDED', { id, status });
        return concludeImport(tx, id, 'cancelled');
      });
      if (cancelled.jobId !== undefined) await jobs.cancel(cancelled.jobId);
      return cancelled.view;
    },

    async errors(id, by, writing) {
      const { header = [] } = requireOwn(await requireImport(database, id), by);
      return csvFile(
        ['line', 'reason', ...header],
        streamRowErrors(database, id),
        (error) => [error.line, error.reason, ...error.cells],
        writing,
      );
    },
  };
}

/** Says that an import was taken on, to a repeat of the request too. */
async function accepted(tx: Transaction, id: string): Promise<Answer> {
  const { view } = await requireImport(tx, id);
  return tx.answer({ status: 202, headers: { location: `/api/v1/crm/imports/${id}` }, body: view });
}

async function queue(tx: Transaction, id: string, isTrial: boolean): Promise<void> {
  const jobId = tx.enqueue(importJob, { import_id: id });
  await queueImport(tx, id, isTrial ? 'checking' : 'queued', jobId);
}

/** How a stored file is to be read when this is said of it; looked at again where that differs from before. */
async function reformat(database: Database, view: Import, said: GivenFormat): Promise<CsvFormat> {
  const { format } = view;
  const { encoding = format.encoding, delimiter = format.delimiter, quote = format.quote } = said;
  if (encoding === format.encoding && delimiter === format.delimiter && quote === format.quote) return format;
  const inspected = await inspectFile(readPieces(database, view.id, 0), { encoding, delimiter, quote });
  if (inspected.format !== undefined) return inspected.format;
  throw validationFailed([{ path: '/body', message: `the file cannot be read so: ${inspected.reason}` }]);
}

function requireWaiting(stored: StoredImport): StoredImport {
  const { id, status, finished_at } = stored.view;
  if (finished_at !== null) throw crmError('IMPORT_ENDED', { id, status });
  if (status !== 'uploaded' && status !== 'checked') throw crmError('IMPORT_STARTED', { id, status });
  return stored;
}

async function requireImport<From extends Database | Transaction>(
  from: From,
  id: string,
  find: (from: From, id: string) => Promise<StoredImport | undefined> = findImport,
): Promise<StoredImport> {
  const stored = await find(from, id);
  if (stored === undefined) throw crmError('IMPORT_NOT_FOUND', { id });
  return stored;
}
