import type { Database } from '@orchestrall/sdk';
import { Utf8Check } from '../csv/utf8.ts';
import { crmError } from '../errors.ts';
import { appendPiece } from './file-store.ts';

/** Size of a stored piece, bytes: all that an upload holds in memory. */
const pieceBytes = 1_048_576;

/**
 * Streams a file into the database, piece by piece, each in a transaction of its own, so that a slow sender holds
 * no connection. Gives the reason why the file cannot be a CSV file, if there is one, once all of it has come.
 * Throws `UPLOAD_TOO_LARGE`, and whatever ends the stream early.
 */
export async function storeFile(
  database: Database,
  id: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string | undefined> {
  const check = new Utf8Check();
  let reason: string | undefined;
  let stored = 0;
  let received = 0;
  let parts: Uint8Array[] = [];
  const store = async (): Promise<void> => {
    const piece = Buffer.concat(parts);
    parts = [];
    if (piece.length === 0) return;
    if (stored === 0) reason = foreignEncoding(piece);
    const fault = reason === undefined ? check.push(piece) : undefined;
    if (fault !== undefined) reason = notUtf8(fault);
    // A faulty file is received to its end, since its sender reads the answer only then, but it is not kept.
    if (reason === undefined) await appendPiece(database, id, stored, piece);
    stored += piece.length;
  };
  for await (const part of body) {
    received += part.length;
    if (received > maxBytes) throw crmError('UPLOAD_TOO_LARGE', { max_bytes: maxBytes });
    parts.push(part);
    if (received - stored >= pieceBytes) await store();
  }
  await store();
  if (received === 0) return 'line 1: the file is empty; line 1 must name columns';
  const open = reason === undefined ? check.end() : undefined;
  return open === undefined ? reason : notUtf8(open);
}

function foreignEncoding(piece: Buffer): string | undefined {
  const utf16 = ['fffe', 'feff'].includes(piece.toString('hex', 0, 2));
  return utf16 ? 'line 1, byte 0: the file is UTF-16; save it as UTF-8' : undefined;
}

function notUtf8({ line, offset }: { readonly line: number; readonly offset: number }): string {
  return `line ${line}, byte ${offset}: the file is not UTF-8 here; save it as UTF-8`;
}
