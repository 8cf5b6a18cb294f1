import { detectDialect, markedEncoding, sampleBytes, unmarkedUtf16 } from './detect.ts';
import type { DetectedDialect } from './detect.ts';
import { checkEncoding, detectByteEncoding } from './encoding-check.ts';
import type { EncodingCheck } from './encoding-check.ts';
import { CsvFault } from './format.ts';
import type { CsvFormat, Encoding, GivenFormat } from './format.ts';
import { foreignKind } from './not-csv.ts';
import { CsvScanner } from './scanner.ts';
import type { CsvRow } from './scanner.ts';
import { createTranscoder } from './transcode.ts';

/** Most columns of a file. */
export const maxColumns = 2_000;

/** A file is no CSV file at all. */
export class NotCsv extends Error {
  /** What it is, such as `an Excel workbook`. */
  readonly kind: string;

  constructor(kind: string) {
    super(`the file is ${kind}`);
    this.name = 'NotCsv';
    this.kind = kind;
  }
}

/** What the beginning of a file tells. */
interface Beginning {
  readonly dialect: DetectedDialect;
  readonly marked: boolean;
  readonly encoding: EncodingCheck;
  readonly rows: CsvScanner;
}

/**
 * Tells how a file is written while it comes in, and whether it can be read to its end: one encoding, closed quotes,
 * no row and no header beyond their bounds. Holds a row and a piece at most.
 */
export class CsvInspection {
  readonly #given: GivenFormat;
  #sample: Buffer = Buffer.alloc(0);
  #beginning: Beginning | undefined;
  #hasHeader = false;

  constructor(given: GivenFormat) {
    this.#given = given;
  }

  /** Throws `NotCsv`, `RowTooLong`, `CsvFault`. Nothing may be pushed after one of them. */
  push(piece: Buffer): void {
    if (this.#beginning === undefined) {
      this.#sample = Buffer.concat([this.#sample, piece]);
      if (this.#sample.length >= sampleBytes) this.#begin(false);
    } else {
      this.#read(this.#beginning, piece);
    }
  }

  /** How the file is written. Throws as `push`. */
  end(): CsvFormat {
    const { dialect, marked, encoding, rows } = this.#beginning ?? this.#begin(true);
    const name = encoding.end();
    this.#take(rows.end());
    return { encoding: name, byte_order_mark: marked, ...dialect };
  }

  #begin(isWhole: boolean): Beginning {
    const bytes = this.#sample;
    const sample = bytes.subarray(0, sampleBytes);
    const kind = foreignKind(sample);
    if (kind !== undefined) throw new NotCsv(kind);
    const marked = markedEncoding(sample);
    const given = this.#given.encoding;
    if (marked !== undefined && given !== undefined && marked !== given) {
      throw new CsvFault(1, `the file begins with the byte order mark of ${marked}; it is not ${given}`, 0);
    }
    const wide = given ?? marked ?? unmarkedUtf16(sample);
    // Line ends and delimiters are the same bytes in Windows-1252 as in UTF-8.
    const scanned = wide === 'utf-16le' || wide === 'utf-16be' ? wide : 'utf-8';
    const dialect = detectDialect(textOf(sample, scanned), isWhole, this.#given);
    const beginning = {
      dialect,
      marked: marked !== undefined,
      encoding: wide === undefined ? detectByteEncoding() : checkEncoding(wide),
      rows: new CsvScanner({ format: { encoding: scanned, ...dialect }, texts: false }),
    };
    this.#beginning = beginning;
    this.#sample = Buffer.alloc(0);
    this.#read(beginning, bytes);
    return beginning;
  }

  #read({ encoding, rows }: Beginning, piece: Buffer): void {
    encoding.push(piece);
    this.#take(rows.push(piece));
  }

  #take(rows: Iterable<CsvRow>): void {
    for (const { line, cells } of rows) {
      if (!this.#hasHeader && cells.length > maxColumns) {
        throw new CsvFault(line, `the file has ${cells.length} columns; at most ${maxColumns} are read`);
      }
      this.#hasHeader = true;
    }
  }
}

/** The sample as UTF-8 without a byte order mark. */
function textOf(sample: Buffer, encoding: Encoding): Buffer {
  const utf8 = createTranscoder(encoding).push(sample);
  return markedEncoding(utf8) === 'utf-8' ? utf8.subarray(3) : utf8;
}
