import { dialectOf } from './dialect.ts';
import type { CsvFormat, Delimiter, Encoding, GivenFormat, QuoteStyle } from './format.ts';
import { scanRecord } from './scan-record.ts';
import type { CsvRecord } from './scan-record.ts';

/** Beginning of a file that is looked at, bytes. */
export const sampleBytes = 65_536;

/** Rows of it that are looked at. */
const sampleRows = 200;

/** The encoding that a byte order mark tells (https://www.unicode.org/faq/utf_bom.html#bom4); undefined without one. */
export function markedEncoding(sample: Buffer): Encoding | undefined {
  if (sample.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) return 'utf-8';
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le';
  return sample[0] === 0xfe && sample[1] === 0xff ? 'utf-16be' : undefined;
}

/**
 * Tells UTF-16 without a byte order mark by the zero bytes beside ASCII characters: they stand at one parity, and
 * beside the line ends too. A file of bytes with zeros among them has neither.
 */
export function unmarkedUtf16(sample: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const lineEnds = sample.reduce((count, byte) => (isLineEnd(byte) ? count + 1 : count), 0);
  if (isHighByte(countHighBytes(sample, 1), countHighBytes(sample, 0), lineEnds)) return 'utf-16le';
  return isHighByte(countHighBytes(sample, 0), countHighBytes(sample, 1), lineEnds) ? 'utf-16be' : undefined;
}

interface HighBytes {
  readonly units: number;
  readonly zeros: number;
  /** Those that could be ASCII characters themselves. */
  readonly printable: number;
  /** Zeros beside a line end. */
  readonly lineEnds: number;
}

/** Counts what stands at the even (0) or odd (1) places. */
function countHighBytes(sample: Buffer, parity: 0 | 1): HighBytes {
  const counts = { units: Math.floor(sample.length / 2), zeros: 0, printable: 0, lineEnds: 0 };
  for (let at = 0; at < counts.units * 2; at += 2) {
    const high = sample[at + parity] ?? 0;
    if (high >= 0x20 && high < 0x7f) counts.printable += 1;
    if (high !== 0) continue;
    counts.zeros += 1;
    if (isLineEnd(sample[at + 1 - parity])) counts.lineEnds += 1;
  }
  return counts;
}

function isHighByte(counted: HighBytes, other: HighBytes, lineEnds: number): boolean {
  const { units, zeros, printable } = counted;
  if (zeros <= printable || other.zeros * 10 > zeros) return false;
  return lineEnds === 0 ? zeros * 5 >= units * 2 : zeros * 20 >= units && counted.lineEnds * 2 >= lineEnds;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** What the sample of a file tells of its delimiter, quoting and line ends. */
export type DetectedDialect = Pick<CsvFormat, 'delimiter' | 'quote' | 'line_end'>;

/**
 * Tells how a file is written from its beginning, UTF-8 without a byte order mark: that delimiter and quoting by
 * which its header has several cells, and its rows as many as its header without faults.
 */
export function detectDialect(sample: Buffer, isWhole: boolean, given: GivenFormat): DetectedDialect {
  const delimiters: readonly Delimiter[] =
    given.delimiter === undefined ? ['comma', 'semicolon', 'tab', 'pipe'] : [given.delimiter];
  const quotes: readonly QuoteStyle[] = given.quote === undefined ? likelyQuotes(sample) : [given.quote];
  let best: { readonly score: number; readonly dialect: DetectedDialect } | undefined;
  for (const quote of quotes) {
    for (const delimiter of delimiters) {
      const records = recordsOf(sample, isWhole, { delimiter, quote });
      const score = scoreOf(records);
      if (best !== undefined && best.score >= score) continue;
      best = { score, dialect: { delimiter, quote, line_end: lineEndOf(sample, records[0]) } };
    }
  }
  return best?.dialect ?? { delimiter: 'comma', quote: 'double', line_end: 'lf' };
}

function likelyQuotes(sample: Buffer): readonly QuoteStyle[] {
  const header = sample.toString('latin1', 0, 4_096).split(/[\r\n]/, 1)[0] ?? '';
  const quotes: QuoteStyle[] = ['double'];
  // Apostrophes stand in texts too: they quote only where the names of columns are in them.
  if (/^'[^']*'([,;\t|]'[^']*')*$/.test(header)) quotes.unshift('single');
  if (sample.includes('\\"')) quotes.push('backslash');
  return quotes;
}

function recordsOf(sample: Buffer, isWhole: boolean, format: Pick<CsvFormat, 'delimiter' | 'quote'>) {
  const options = { dialect: dialectOf(format), texts: false };
  const records: CsvRecord[] = [];
  for (let at = 0; at < sample.length && records.length < sampleRows;) {
    // A header that is longer than the sample is better looked at in part than not at all.
    const record = scanRecord(sample, at, isWhole || records.length === 0, options);
    if (record === undefined) break;
    if (!record.blank) records.push(record);
    at = record.next;
  }
  return records;
}

/** How well records fit together: several columns count most, then how many rows have them, then how many they are. */
function scoreOf(records: readonly CsvRecord[]): number {
  const [header] = records;
  if (header === undefined || header.fault !== undefined) return 0;
  const columns = header.cells.length;
  const fitting = records.filter(({ cells, fault }) => fault === undefined && cells.length === columns);
  const several = columns > 1 ? 10 : 0;
  return several + fitting.length / records.length + Math.min(columns, 1_000) / 1_000_000;
}

function lineEndOf(sample: Buffer, header: CsvRecord | undefined): CsvFormat['line_end'] {
  if (header === undefined) return 'lf';
  if (sample[header.next - 1] === 0x0d) return 'cr';
  return sample[header.next - 2] === 0x0d ? 'crlf' : 'lf';
}
