import type { Database, Job, Transaction } from '@orchestrall/sdk';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { CsvFault } from '../csv/format.ts';
import { readCsv } from '../csv/scanner.ts';
import type { CsvPosition, CsvRow } from '../csv/scanner.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import { recordKinds } from '../kinds.ts';
import { readColumns, readRow } from './columns.ts';
import type { Columns } from './columns.ts';
import { concludeImport } from './endings.ts';
import { insertRowErrors, readPieces } from './file-store.ts';
import type { RowError } from './file-store.ts';
import { importJobOptions } from './jobs.ts';
import { beginImport, countBatch, findImport, lockImport } from './store.ts';
import type { StoredImport } from './store.ts';
import { createUpsert } from './upsert.ts';
import type { Upsert } from './upsert.ts';

type ImportRun = Job<{ import_id: string }>;

/** What is saved with each batch: where the next one begins. */
const Position = Type.Object({ offset: Type.Integer({ minimum: 0 }), line: Type.Integer({ minimum: 1 }) });

/** The import was ended from outside while a batch was under way; the batch is undone. */
class ImportEnded extends Error {}

/** The file cannot be imported at all; what was committed before stays. */
class FileFault extends Error {}

interface Reading {
  readonly job: ImportRun;
  readonly stored: StoredImport;
  readonly columns: Columns;
  readonly upsert: Upsert;
}

/**
 * Makes the handler of the import job: reads the stored file as a stream and writes it in batches. Each batch, its
 * counts, its row errors and the place of the next one are one transaction, so that a run that is resumed after a
 * crash neither doubles nor loses a row.
 */
export function createImportRun(database: Database, batchRows: number): (job: ImportRun) => Promise<void> {
  return async (job) => {
    const id = job.payload.import_id;
    try {
      const stored = await findImport(database, id);
      if (stored !== undefined && stored.view.finished_at === null)
        await readFile(database, batchRows, job, stored);
    } catch (error) {
      if (error instanceof ImportEnded) return;
      job.signal.throwIfAborted();
      const reason = reasonToGiveUp(job, error);
      if (reason === undefined) throw error;
      await job.transaction(async (tx) => {
        await lockRunning(tx, id);
        await concludeImport(tx, id, 'failed', reason);
      });
    }
  };
}

async function readFile(
  database: Database,
  batchRows: number,
  job: ImportRun,
  stored: StoredImport,
): Promise<void> {
  const from = Check(Position, job.saved) ? job.saved : undefined;
  const rows = readCsv(readPieces(database, stored.view.id, from?.offset ?? 0), { from });
  const reading = await begin(job, stored, from, rows);
  for await (const batch of batchesOf(rows, batchRows)) await writeBatch(reading, batch);
  await job.transaction(async (tx) => {
    await lockRunning(tx, stored.view.id);
    await concludeImport(tx, stored.view.id, 'completed');
  });
}

/** How far the rows of a batch may reach beyond its first, bytes: a batch is held in memory several times over. */
const maxBatchBytes = 4_194_304;

/** Rows by the batch, fewer where they are long; those before a fault of the file are given before it is thrown. */
export async function* batchesOf(
  rows: AsyncIterable<CsvRow>,
  batchRows: number,
): AsyncGenerator<CsvRow[], void> {
  let batch: CsvRow[] = [];
  try {
    for await (const row of rows) {
      batch.push(row);
      const bytes = row.end.offset - (batch[0]?.end.offset ?? 0);
      if (batch.length < batchRows && bytes < maxBatchBytes) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    if (error instanceof CsvFault && batch.length > 0) yield batch;
    throw error;
  }
  if (batch.length > 0) yield batch;
}

/** Reads the header and marks the import as running; a run that is resumed knows the header already. */
async function begin(
  job: ImportRun,
  stored: StoredImport,
  from: CsvPosition | undefined,
  rows: AsyncGenerator<CsvRow, void>,
): Promise<Reading> {
  const { id, object } = stored.view;
  const kind = recordKinds[object];
  const upsert = createUpsert(kind, stored.key);
  if (upsert === undefined) throw new FileFault(`${object} cannot be imported by ${stored.key}`);
  const first = from === undefined ? (await rows.next()).value : undefined;
  if (from === undefined && first === undefined) throw new FileFault('line 1: the file has no header');
  if (first?.fault !== undefined) throw new FileFault(`line ${first.line}: ${first.fault}`);
  const header = first?.cells ?? stored.header ?? [];
  const columns = readColumns(kind.fields, stored.key, header);
  if (typeof columns === 'string') throw new FileFault(columns);
  if (first !== undefined) {
    await job.transaction(async (tx, checkpoint) => {
      await lockRunning(tx, id);
      await beginImport(tx, id, header, columns.ignored);
      checkpoint(first.end);
    });
  }
  return { job, stored, columns, upsert };
}

async function writeBatch(
  { job, stored, columns, upsert }: Reading,
  batch: readonly CsvRow[],
): Promise<void> {
  const { id, bytes_total } = stored.view;
  const end = batch.at(-1)?.end;
  if (end === undefined) return;
  await job.transaction(async (tx, checkpoint) => {
    await lockRunning(tx, id);
    const errors: RowError[] = [];
    const plans: { readonly row: CsvRow; readonly given: JsonObject }[] = [];
    for (const row of batch) {
      const reason = row.fault ?? countFault(columns, row);
      if (reason === undefined) plans.push({ row, given: readRow(columns, row.cells) });
      else errors.push({ line: row.line, reason, cells: row.cells });
    }
    const outcomes = await upsert(
      tx,
      plans.map((plan) => plan.given),
      stored.actor,
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
    await countBatch(tx, id, counts, end.offset);
    checkpoint(end);
  });
  job.progress(end.offset, bytes_total);
}

/** Holds the import for a batch; whoever cancels it waits until the batch is in, and the next one ends here. */
async function lockRunning(tx: Transaction, id: string): Promise<void> {
  const stored = await lockImport(tx, id);
  if (stored === undefined || stored.view.finished_at !== null) throw new ImportEnded();
}

function countFault(columns: Columns, row: CsvRow): string | undefined {
  const expected = columns.fields.length;
  if (row.cells.length === expected) return undefined;
  return `has ${row.cells.length} cells where the header has ${expected}`;
}

/** Why the import ends here; undefined when another attempt may help. */
function reasonToGiveUp(job: ImportRun, error: unknown): string | undefined {
  if (error instanceof CsvFault || error instanceof FileFault) return error.message;
  if (job.attempt < importJobOptions.attempts) return undefined;
  return `gave up after ${job.attempt} attempts: ${error instanceof Error ? error.message : String(error)}`;
}
