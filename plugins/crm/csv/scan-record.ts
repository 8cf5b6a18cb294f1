const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

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

/**
 * Finds the record that begins at `start`; undefined when the bytes end before it does.
 * Delimiters are ASCII, so that bytes of other characters cannot be mistaken for them.
 */
export function scanRecord(bytes: Buffer, start: number, atEnd: boolean): CsvRecord | undefined {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    const cell = bytes[at] === quote ? scanQuoted(bytes, at, atEnd) : scanPlain(bytes, at);
    if (cell === undefined) return undefined;
    if (cell.fault !== undefined) return faultyLine(bytes, start, cell.end, cell.fault, atEnd);
    cells.push(cell.text);
    at = cell.end;
    if (bytes[at] !== comma) break;
    at += 1;
  }
  const next = afterLineEnd(bytes, at, atEnd);
  if (next === undefined) return undefined;
  return { cells, blank: at === start, next, lineEnds: countLineEnds(bytes, start, next) };
}

interface Cell {
  readonly text: string;
  /** Index of the comma or line end after it. */
  readonly end: number;
  readonly fault?: string;
}

function scanPlain(bytes: Buffer, start: number): Cell {
  let end = start;
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end];
    if (byte === comma || byte === lineFeed || byte === carriageReturn) break;
    if (byte === quote) return { text: '', end, fault: 'a quote stands inside a cell that is not quoted' };
  }
  return { text: bytes.toString('utf8', start, end), end };
}

function scanQuoted(bytes: Buffer, start: number, atEnd: boolean): Cell | undefined {
  let doubled = false;
  for (let at = start + 1; ; at += 2) {
    at = bytes.indexOf(quote, at);
    if (at === -1) return undefined;
    const after = bytes[at + 1];
    if (after === undefined && !atEnd) return undefined;
    if (after === quote) {
      doubled = true;
      continue;
    }
    const text = bytes.toString('utf8', start + 1, at);
    const end = at + 1;
    if (after === undefined || after === comma || after === lineFeed || after === carriageReturn) {
      return { text: doubled ? text.replaceAll('""', '"') : text, end };
    }
    return {
      text: '',
      end,
      fault: 'after a closing quote stands something other than a comma or a line end',
    };
  }
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
