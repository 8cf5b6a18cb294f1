import type { Dialect } from './dialect.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const backslash = 0x5c;

/** One record of a CSV file, found in bytes. */
export interface CsvRecord {
  readonly cells: readonly string[];
  /** Why its quoting is wrong; its line then stands whole in its only cell. */
  readonly fault?: string;
  /** Whether its line holds no character at all. */
  readonly blank: boolean;
  /** Index of the first byte after its line end. */
  readonly next: number;
  /** Physical line ends in it, its own included. */
  readonly lineEnds: number;
}

/** How records are found. */
export interface ScanOptions {
  readonly dialect: Dialect;
  /** Whether cells are to hold their text; else each is empty. */
  readonly texts: boolean;
}

/** Finds the record that begins at `start` in UTF-8; undefined when the bytes end before it does. */
export function scanRecord(
  bytes: Buffer,
  start: number,
  atEnd: boolean,
  options: ScanOptions,
): CsvRecord | undefined {
  const { dialect } = options;
  const { stops, quote, delimiter } = dialect;
  const { length } = bytes;
  // Begin and end of each cell's text; the end is negative, and one less, where it was quoted.
  const marks: number[] = [];
  let at = start;
  let lineEnds = 0;
  for (;;) {
    const from = at;
    if (bytes[at] === quote) {
      const close = closingQuote(bytes, at + 1, atEnd, dialect);
      if (close === -1) return undefined;
      at = close + 1;
      const after = bytes[at];
      if (after !== undefined && after !== delimiter && after !== lineFeed && after !== carriageReturn) {
        const fault = `after a closing quote stands something other than a ${dialect.name} or a line end`;
        return faultyLine(bytes, start, at, fault, atEnd);
      }
      lineEnds += countLineEnds(bytes, from, at);
      marks.push(from + 1, -close - 1);
    } else {
      while (at < length && stops[bytes[at] ?? 0] === 0) at += 1;
      if (bytes[at] === quote)
        return faultyLine(bytes, start, at, 'a quote stands inside a cell that is not quoted', atEnd);
      marks.push(from, at);
    }
    if (bytes[at] !== delimiter) break;
    at += 1;
  }
  const next = afterLineEnd(bytes, at, atEnd);
  if (next === undefined) return undefined;
  const cells = textsOf(bytes, start, at, marks, options);
  return { cells, blank: at === start, next, lineEnds: next === at ? lineEnds : lineEnds + 1 };
}

/** The texts of the cells between two places, of which `marks` tells the begin and end. */
function textsOf(
  bytes: Buffer,
  start: number,
  end: number,
  marks: readonly number[],
  { dialect, texts }: ScanOptions,
): string[] {
  const cells: string[] = [];
  if (!texts) {
    for (let index = 0; index < marks.length; index += 2) cells.push('');
    return cells;
  }
  const line = bytes.toString('utf8', start, end);
  // As many characters as bytes: all of it is ASCII, and places in the text are those in the bytes.
  const ascii = line.length === end - start;
  for (let index = 0; index < marks.length; index += 2) {
    const from = marks[index] ?? 0;
    const mark = marks[index + 1] ?? 0;
    const to = mark < 0 ? -mark - 1 : mark;
    const text = ascii ? line.slice(from - start, to - start) : bytes.toString('utf8', from, to);
    cells.push(mark < 0 ? dialect.unescape(text) : text);
  }
  return cells;
}

/** Index of the quote that ends a cell; -1 when the bytes end before it is sure. */
function closingQuote(bytes: Buffer, from: number, atEnd: boolean, { quote, backslash: escapes }: Dialect) {
  const { length } = bytes;
  for (let at = from; at < length; at += 1) {
    if (bytes[at] !== quote || (escapes && escapedAt(bytes, from, at))) continue;
    if (at + 1 === length) return atEnd ? at : -1;
    if (bytes[at + 1] !== quote) return at;
    at += 1;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before a place. */
function escapedAt(bytes: Buffer, from: number, at: number): boolean {
  let before = at;
  while (before > from && bytes[before - 1] === backslash) before -= 1;
  return (at - before) % 2 === 1;
}

/** Reading goes on after the physical line on which the fault is. */
function faultyLine(
  bytes: Buffer,
  start: number,
  faultAt: number,
  fault: string,
  atEnd: boolean,
): CsvRecord | undefined {
  let end = faultAt;
  while (end < bytes.length && bytes[end] !== lineFeed && bytes[end] !== carriageReturn) end += 1;
  const next = afterLineEnd(bytes, end, atEnd);
  if (next === undefined) return undefined;
  const cells = [bytes.toString('utf8', start, end)];
  return { cells, fault, blank: false, next, lineEnds: countLineEnds(bytes, start, next) };
}

/** Index after the line end at `at`; undefined when the line, or the pair CRLF, may go on in what follows. */
function afterLineEnd(bytes: Buffer, at: number, atEnd: boolean): number | undefined {
  if (at >= bytes.length) return atEnd ? at : undefined;
  if (bytes[at] !== carriageReturn) return at + 1;
  if (at + 1 >= bytes.length) return atEnd ? at + 1 : undefined;
  return bytes[at + 1] === lineFeed ? at + 2 : at + 1;
}

function countLineEnds(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === lineFeed || (byte === carriageReturn && bytes[at + 1] !== lineFeed)) count += 1;
  }
  return count;
}
