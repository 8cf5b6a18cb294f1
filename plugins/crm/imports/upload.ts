import type { Database } from '@orchestrall/sdk';
import { CsvFault, RowTooLong, maxRowBytes } from '../csv/format.ts';
import type { CsvFormat, GivenFormat } from '../csv/format.ts';
import { CsvInspection, NotCsv } from '../csv/inspection.ts';
import { crmError } from '../errors.ts';
import { appendPiece } from './file-store.ts';

/** Size of a stored piece, bytes: all that an upload holds in memory, a few times over. */
const pieceBytes = 1_048_576;

/** What a file was found to be: how it is written, or why it cannot be read to its end. */
export type Inspected =
  | { readonly format: CsvFormat; readonly reason?: never }
  | { readonly format?: never; readonly reason: string };

/**
 * Streams a file into the database, piece by piece, each in a transaction of its own, so that a slow sender holds
 * no connection. The file is stored as it comes. Throws `UPLOAD_TOO_LARGE`, `FILE_NOT_CSV` and `ROW_TOO_LONG` as soon
 * as that is known, and whatever ends the stream early.
 */
export async function storeFile(
  database: Database,
  id: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  given: GivenFormat,
): Promise<Inspected> {
  const inspection = new CsvInspection(given);
  let reason: string | undefined;
  let stored = 0;
  let received = 0;
  let parts: Uint8Array[] = [];
  const store = async (): Promise<void> => {
    const piece = Buffer.concat(parts);
    parts = [];
    reason ??= faultOf(() => inspection.push(piece));
    // A faulty file is received to its end, since its sender reads the answer only then, but it is not kept.
    if (reason === undefined && piece.length > 0) await appendPiece(database, id, stored, piece);
    stored += piece.length;
  };
  for await (const part of body) {
    received += part.length;
    if (received > maxBytes) throw crmError('UPLOAD_TOO_LARGE', { max_bytes: maxBytes });
    parts.push(part);
    if (received - stored >= pieceBytes) await store();
  }
  await store();
  if (received === 0) return { reason: 'line 1: the file is empty; line 1 must name columns' };
  return reason === undefined ? endOf(inspection) : { reason };
}

/** Looks at a stored file again, to be read as it is said. */
export async function inspectFile(pieces: AsyncIterable<Buffer>, given: GivenFormat): Promise<Inspected> {
  const inspection = new CsvInspection(given);
  for await (const piece of pieces) {
    const reason = faultOf(() => inspection.push(piece));
    if (reason !== undefined) return { reason };
  }
  return endOf(inspection);
}

function endOf(inspection: CsvInspection): Inspected {
  let format: CsvFormat | undefined;
  const reason = faultOf(() => {
    format = inspection.end();
  });
  if (format !== undefined) return { format };
  return { reason: reason ?? 'line 1: the file cannot be read' };
}

/** Why a file cannot be read; undefined when nothing is wrong with it so far. */
function faultOf(look: () => void): string | undefined {
  try {
    look();
  } catch (error) {
    if (error instanceof NotCsv) throw crmError('FILE_NOT_CSV', { kind: error.kind });
    if (error instanceof RowTooLong)
      throw crmError('ROW_TOO_LONG', { line: error.line, max_bytes: maxRowBytes });
    if (error instanceof CsvFault) return error.message;
    throw error;
  }
  return undefined;
}
