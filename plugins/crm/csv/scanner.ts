import { scanRecord } from './scan-record.ts';

/** A place in a file between two rows. */
export interface CsvPosition {
  /** Bytes before it, the byte order mark included. */
  readonly offset: number;
  /** Physical line that begins here, from 1. */
  readonly line: number;
}

/** One row of a file. */
export interface CsvRow {
  /** Physical line on which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Why its quoting is wrong; its line then stands whole in its only cell. */
  readonly fault?: string;
  /** Where the next row begins. */
  readonly end: CsvPosition;
}

/** The file cannot be read beyond a row. */
export class CsvFault extends Error {
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = 'CsvFault';
  }
}

/** Longest row, bytes: what a row needs of memory at most. */
export const maxRowBytes = 1_048_576;

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a CSV file piece by piece (https://www.rfc-editor.org/rfc/rfc4180#section-2): quoted cells with line ends
 * in them, CRLF, LF or CR, with or without a byte order mark. Lines without a single character are skipped.
 * It can begin anywhere between two rows. Of our own making, since csv-parse counts a CRLF inside quotes as two
 * lines and names the line on which a row ends.
 */
export class CsvScanner {
  #rest: Buffer = Buffer.alloc(0);
  #offset: number;
  #line: number;

  constructor(from: CsvPosition = { offset: 0, line: 1 }) {
    this.#offset = from.offset;
    this.#line = from.line;
  }

  /**
   * The rows that are complete with this piece, read one by one; all of them have to be taken before the next piece.
   * Throws `CsvFault` after the last of them when a row grows too long.
   */
  *push(piece: Buffer): Generator<CsvRow, void> {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    // Too short to tell a byte order mark from a row.
    if (this.#offset === 0 && this.#rest.length < byteOrderMark.length) return;
    yield* this.#scan(false);
  }

  /** The rows that are complete with the end of the file. Throws `CsvFault` after them when a quote is still open. */
  end(): Generator<CsvRow, void> {
    return this.#scan(true);
  }

  *#scan(atEnd: boolean): Generator<CsvRow, void> {
    if (this.#offset === 0 && this.#rest.subarray(0, 3).equals(byteOrderMark)) this.#consume(3);
    const bytes = this.#rest;
    let at = 0;
    while (at < bytes.length) {
      const record = scanRecord(bytes, at, atEnd);
      if (record === undefined) break;
      const line = this.#line;
      this.#line += record.lineEnds;
      const end = { offset: this.#offset + record.next, line: this.#line };
      const { cells, fault } = record;
      at = record.next;
      if (!record.blank) yield fault === undefined ? { line, cells, end } : { line, cells, fault, end };
    }
    this.#consume(at);
    if (atEnd && this.#rest.length > 0) {
      throw new CsvFault(this.#line, 'the row that begins here opens a quote that is never closed');
    }
    if (this.#rest.length > maxRowBytes) {
      const reason = `the row that begins here is longer than ${maxRowBytes} bytes; a quote may be unclosed`;
      throw new CsvFault(this.#line, reason);
    }
  }

  #consume(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
    this.#offset += bytes;
  }
}

/** Reads the rows of a file from its pieces. Throws `CsvFault`. */
export async function* readCsv(
  pieces: AsyncIterable<Buffer>,
  from?: CsvPosition,
): AsyncGenerator<CsvRow, void> {
  const scanner = new CsvScanner(from);
  for await (const piece of pieces) yield* scanner.push(piece);
  yield* scanner.end();
}
