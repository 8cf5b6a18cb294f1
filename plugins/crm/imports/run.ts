import type { Database, Job, Transaction } from '@orchestrall/sdk';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { CsvFault } from '../csv/format.ts';
import { readCsv } from '../csv/scanner.ts';
import type { CsvPosition, CsvRow } from '../csv/scanner.ts';
import { batchesOf } from './batches.ts';
import { matchColumns } from './columns.ts';
import { concludeImport, concludeTrial } from './endings.ts';
import { insertRowErrors, readPieces } from './file-store.ts';
import type { RowError } from './file-store.ts';
import { importJobOptions } from './jobs.ts';
import { createProgress } from './progress.ts';
import type { Progressed } from './progress.ts';
import { createRowReader } from './read-row.ts';
import type { RowInput, RowReader } from './read-row.ts';
import { beginImport, clearErrors, countBatch, findImport, lockImport } from './store.ts';
import type { StoredImport } from './store.ts';
import { scopeOf } from './scope.ts';
import type { ImportScope } from './scope.ts';
import { importTargets } from './targets.ts';
import { createTrial, deleteTrials } from './trials.ts';
import { createUpsert } from './upsert.ts';
import type { Upsert } from './upsert.ts';

type ImportRun = Job<{ import_id: string }>;

/** What an import runs on. */
export interface ImportRunOptions {
  readonly database: Database;
  readonly scope: ImportScope;
  /** Rows committed at a time. */
  readonly batchRows: number;
  readonly progressed: Progressed;
}

/** What is saved with each batch: where the next one begins. */
const Position = Type.Object({ offset: Type.Integer({ minimum: 0 }), line: Type.Integer({ minimum: 1 }) });

/** The import was ended from outside while a batch was under way; the batch is undone. */
class ImportEnded extends Error {}

/** The file cannot be imported at all; what was committed before stays. */
class FileFault extends Error {}

interface Reading {
  readonly job: ImportRun;
  readonly stored: StoredImport;
  readonly columns: number;
  readonly readRow: RowReader;
  readonly upsert: Upsert;
  readonly progress: (stored: StoredImport) => void;
}

/**
 * Makes the handler of the import job: reads the stored file as a stream and writes it in batches. Each batch, its
 * counts, its row errors and the place of the next one are one transaction, so that a run that is resumed after a
 * crash neither doubles nor loses a row. A dry run goes the same way, but for the records.
 */
export function createImportRun(options: ImportRunOptions): (job: ImportRun) => Promise<void> {
  const { database } = options;
  return async (job) => {
    const id = job.payload.import_id;
    let isTrial = false;
    try {
      const stored = await findImport(database, id);
      if (stored === undefined || !isHeldBy(job, stored)) return;
      isTrial = stored.view.status === 'checking';
      await readFile(options, job, stored);
    } catch (error) {
      if (error instanceof ImportEnded) return;
      job.signal.throwIfAborted();
      const reason = reasonToGiveUp(job, error);
      if (reason === undefined) throw error;
      await job.transaction((tx) => conclude(tx, job, reason));
    }
    if (isTrial) await deleteTrials(database);
  };
}

async function readFile(
  { database, scope, batchRows, progressed }: ImportRunOptions,
  job: ImportRun,
  stored: StoredImport,
): Promise<void> {
  const from = Check(Position, job.saved) ? job.saved : undefined;
  const { id, format } = stored.view;
  if (from === undefined) await clearErrors(database, id);
  const rows = readCsv(readPieces(database, id, from?.offset ?? 0), { from, format });
  const reading = { ...(await begin(scope, job, stored, from, rows)), progress: createProgress(progressed) };
  for await (const batch of batchesOf(rows, batchRows)) await writeBatch(reading, batch);
  await job.transaction((tx) => conclude(tx, job, null));
}

/** Ends an import or its dry run: failed with a reason, completed without one. */
async function conclude(tx: Transaction, job: ImportRun, reason: string | null): Promise<void> {
  const { view } = await lockRunning(tx, job);
  if (view.status === 'checking') await concludeTrial(tx, view.id, reason);
  else await concludeImport(tx, view.id, reason === null ? 'completed' : 'failed', reason);
}

/** Reads the header and marks the import as running; a run that is resumed knows the header already. */
async function begin(
  records: ImportScope,
  job: ImportRun,
  stored: StoredImport,
  from: CsvPosition | undefined,
  rows: AsyncGenerator<CsvRow, void>,
): Promise<Omit<Reading, 'progress'>> {
  const { id, object, key, mapping, missing_references } = stored.view;
  const scope = scopeOf(records, object, stored.by);
  const { kind } = scope;
  const upsert = createUpsert({ scope, field: key, missingReferences: missing_references });
  if (upsert === undefined) throw new FileFault(`${object} cannot be imported by ${key}`);
  const first = from === undefined ? (await rows.next()).value : undefined;
  if (from === undefined && first === undefined) throw new FileFault('line 1: the file has no header');
  if (first?.fault !== undefined) throw new FileFault(`line ${first.line}: ${first.fault}`);
  const header = first?.cells ?? stored.header ?? [];
  const matched = matchColumns(importTargets(scope), key, header, mapping);
  const [fault] = matched.faults;
  if (fault !== undefined) throw new FileFault(fault);
  if (first !== undefined) {
    const ignoredColumns = matched.columns.filter(({ target }) => target === null).map(({ name }) => name);
    await job.transaction(async (tx, checkpoint) => {
      await lockRunning(tx, job);
      await beginImport(tx, id, { header, ignoredColumns, source: matched.source?.name ?? null });
      checkpoint(first.end);
    });
  }
  return {
    job,
    stored,
    columns: matched.columns.length,
    readRow: createRowReader(kind.fields, matched),
    upsert:
      stored.view.status === 'checking' ? createTrial({ importId: id, kind, field: key, upsert }) : upsert,
  };
}

async function writeBatch(reading: Reading, batch: readonly CsvRow[]): Promise<void> {
  const { job, stored, readRow, upsert } = reading;
  const { id, bytes_total } = stored.view;
  const end = batch.at(-1)?.end;
  if (end === undefined) return;
  const counted = await job.transaction(async (tx, checkpoint) => {
    await lockRunning(tx, job);
    const errors: RowError[] = [];
    const plans: { readonly row: CsvRow; readonly input: RowInput }[] = [];
    for (const row of batch) {
      const reason = row.fault ?? countFault(reading.columns, row);
      if (reason === undefined) plans.push({ row, input: readRow(row.cells) });
      else errors.push({ line: row.line, reason, cells: row.cells });
    }
    const outcomes = await upsert(
      tx,
      plans.map(({ input }) => input),
    );
    let created = 0;
    for (const [index, { row }] of plans.entries()) {
      const result = outcomes[index];
      if (result?.outcome === 'failed')
        errors.push({ line: row.line, reason: result.reason, cells: row.cells });
      if (result?.outcome === 'created') created += 1;
    }
    if (errors.length > 0) await insertRowErrors(tx, id, errors);
    const counts = { created, updated: batch.length - created - errors.length, failed: errors.length };
    checkpoint(end);
    return countBatch(tx, id, counts, end.offset);
  });
  job.progress(end.offset, bytes_total);
  if (counted !== undefined) reading.progress(counted);
}

/** Holds the import for a batch; whoever cancels it waits until the batch is in, and the next one ends here. */
async function lockRunning(tx: Transaction, job: ImportRun): Promise<StoredImport> {
  const stored = await lockImport(tx, job.payload.import_id);
  if (stored === undefined || !isHeldBy(job, stored)) throw new ImportEnded();
  return stored;
}

/** Whether an import still waits for this job: it has not ended, and was not given to another one. */
function isHeldBy(job: ImportRun, { view, jobId }: StoredImport): boolean {
  return view.finished_at === null && jobId === job.id;
}

function countFault(expected: number, { cells }: CsvRow): string | undefined {
  return cells.length === expected ? undefined : `has ${cells.length} cells where the header has ${expected}`;
}

/** Why the import ends here; undefined when another attempt may help. */
function reasonToGiveUp(job: ImportRun, error: unknown): string | undefined {
  if (error instanceof CsvFault || error instanceof FileFault) return error.message;
  if (job.attempt < importJobOptions.attempts) return undefined;
  return `gave up after ${job.attempt} attempts: ${error instanceof Error ? error.message : String(error)}`;
}
