import { dialectOf } from './dialect.ts';
import { CsvFault, RowTooLong, maxRowBytes, plainFormat } from './format.ts';
import type { CsvFormat } from './format.ts';
import { scanRecord } from './scan-record.ts';
import type { ScanOptions } from './scan-record.ts';
import { createTranscoder } from './transcode.ts';
import type { Transcoder } from './transcode.ts';

/** A place in a file between two rows. */
export interface CsvPosition {
  /** Bytes before it as they stand in the file, the byte order mark included. */
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

/** How a file is read. */
export interface CsvReading {
  /** Where to begin: at its beginning, or between any two rows. */
  readonly from?: CsvPosition | undefined;
  /** Default `plainFormat`. */
  readonly format?: Pick<CsvFormat, 'encoding' | 'delimiter' | 'quote'> | undefined;
  /** Whether cells are to hold their text; default true. Without it rows are only counted and measured. */
  readonly texts?: boolean | undefined;
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a CSV file piece by piece (https://www.rfc-editor.org/rfc/rfc4180#section-2): quoted cells with line ends
 * in them, CRLF, LF or CR, with or without a byte order mark. Lines without a single character are skipped.
 * It can begin anywhere between two rows. What is not UTF-8 is brought into it before it is read; places are those
 * of the file as it is. Of our own making, since csv-parse counts a CRLF inside quotes as two lines and names the
 * line on which a row ends.
 */
export class CsvScanner {
  readonly #options: ScanOptions;
  readonly #transcoder: Transcoder;
  #rest: Buffer = Buffer.alloc(0);
  #offset: number;
  #line: number;

  constructor({ from = { offset: 0, line: 1 }, format = plainFormat, texts = true }: CsvReading = {}) {
    this.#offset = from.offset;
    this.#line = from.line;
    this.#options = { dialect: dialectOf(format), texts };
    this.#transcoder = createTranscoder(format.encoding);
  }

  /**
   * The rows that are complete with this piece, read one by one; all of them have to be taken before the next piece.
   * Throws `RowTooLong` after the last row before it.
   */
  *push(piece: Buffer): Generator<CsvRow, void> {
    const utf8 = this.#transcoder.push(piece);
    this.#rest = this.#rest.length === 0 ? utf8 : Buffer.concat([this.#rest, utf8]);
    // Too short to tell a byte order mark from a row.
    if (this.#offset === 0 && this.#rest.length < byteOrderMark.length) return;
    yield* this.#scan(false);
  }

  /** The rows that are complete with the end of the file. Throws `CsvFault` after them when a quote is still open. */
  end(): Generator<CsvRow, void> {
    return this.#scan(true);
  }

  *#scan(atEnd: boolean): Generator<CsvRow, void> {
    if (this.#offset === 0 && this.#rest.subarray(0, 3).equals(byteOrderMark)) {
      this.#offset = this.#storedLength(0, 3);
      this.#rest = this.#rest.subarray(3);
    }
    const bytes = this.#rest;
    let at = 0;
    while (at < bytes.length) {
      const record = scanRecord(bytes, at, atEnd, this.#options);
      if (record === undefined) break;
      const stored = this.#storedLength(at, record.next);
      if (stored > maxRowBytes) throw new RowTooLong(this.#line);
      const line = this.#line;
      this.#line += record.lineEnds;
      this.#offset += stored;
      at = record.next;
      const { cells, fault } = record;
      const end = { offset: this.#offset, line: this.#line };
      if (!record.blank) yield fault === undefined ? { line, cells, end } : { line, cells, fault, end };
    }
    this.#rest = bytes.subarray(at);
    if (this.#storedLength(0, this.#rest.length) > maxRowBytes) throw new RowTooLong(this.#line);
    if (atEnd && this.#rest.length > 0) {
      throw new CsvFault(this.#line, 'the row that begins here opens a quote that is never closed');
    }
  }

  #storedLength(start: number, end: number): number {
    return this.#transcoder.storedLength(this.#rest, start, end);
  }
}

/** Reads the rows of a file from its pieces. Throws `CsvFault`. */
export async function* readCsv(
  pieces: AsyncIterable<Buffer>,
  reading?: CsvReading,
): AsyncGenerator<CsvRow, void> {
  const scanner = new CsvScanner(reading);
  for await (const piece of pieces) yield* scanner.push(piece);
  yield* scanner.end();
}
