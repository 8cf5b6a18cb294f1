import { CsvFault } from '../csv/format.ts';
import type { CsvRow } from '../csv/scanner.ts';

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
