import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvFault, maxRowBytes } from './format.ts';
import { CsvScanner } from './scanner.ts';
import type { CsvPosition, CsvRow } from './scanner.ts';

/** Reads text in pieces of a size, from a place. */
function scan(text: string, pieceBytes = 7, from?: CsvPosition): CsvRow[] {
  const bytes = Buffer.from(text).subarray(from?.offset ?? 0);
  const scanner = new CsvScanner({ from });
  const rows: CsvRow[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    rows.push(...scanner.push(bytes.subarray(at, at + pieceBytes)));
  return [...rows, ...scanner.end()];
}

const cell = fc.string({
  unit: fc.constantFrom('a', 'é', '😀', '"', ',', '\n', '\r', '\r\n', ' ', ';'),
  maxLength: 6,
});
const quoted = (text: string) =>
  /[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;
const file = fc.record({
  rows: fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.constantFrom('', '\uFEFF'),
  closed: fc.boolean(),
});
type File = typeof file extends fc.Arbitrary<infer Value> ? Value : never;

function write({ rows, lineEnd, mark, closed }: File): string {
  const lines = rows.map((cells) => cells.map(quoted).join(','));
  return mark + lines.join(lineEnd) + (closed && lines.length > 0 ? lineEnd : '');
}

test('reads back every file that RFC 4180 can write, however it is cut into pieces', () => {
  fc.assert(
    fc.property(file, fc.integer({ min: 1, max: 20 }), (given, pieceBytes) => {
      expect(scan(write(given), pieceBytes).map(({ cells }) => cells)).toEqual(given.rows);
    }),
  );
});

test('reads what csv-parse reads', () => {
  fc.assert(
    fc.property(file, (given) => {
      const text = write(given);
      const theirs = parse(text, {
        bom: true,
        relax_column_count: true,
        record_delimiter: ['\r\n', '\n', '\r'],
      });
      expect(scan(text).map(({ cells }) => cells)).toEqual(theirs);
    }),
  );
});

test('names the physical line on which each row begins', () => {
  fc.assert(
    fc.property(file, (given) => {
      let line = 1;
      const lines = given.rows.map((cells) => {
        const begins = line;
        line +=
          1 +
          cells
            .map(quoted)
            .join(',')
            .split(/\r\n|\n|\r/).length -
          1;
        return begins;
      });
      expect(scan(write(given)).map((row) => row.line)).toEqual(lines);
    }),
  );
});

test('goes on from the end of any row as if it had never stopped', () => {
  fc.assert(
    fc.property(file, (given) => {
      const text = write(given);
      const all = scan(text);
      for (const [index, row] of all.entries()) expect(scan(text, 5, row.end)).toEqual(all.slice(index + 1));
    }),
  );
});

test('a row with wrong quoting is told with its line, and reading goes on at the next line', () => {
  expect(scan('a,b\n1,x"y\n"2"z,3\n4,5\n')).toMatchObject([
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['1,x"y'], fault: 'a quote stands inside a cell that is not quoted' },
    { line: 3, cells: ['"2"z,3'], fault: expect.stringContaining('after a closing quote') },
    { line: 4, cells: ['4', '5'] },
  ]);
});

test('lines without a character are skipped but counted', () => {
  expect(scan('\n\na\r\n\r\n""\n').map(({ line, cells }) => [line, cells])).toEqual([
    [3, ['a']],
    [5, ['']],
  ]);
});

test('the rows before a fault of the file are read before it is thrown', () => {
  const rows: CsvRow[] = [];
  expect(() => {
    for (const row of new CsvScanner().push(Buffer.from(`a\nb\n${'x'.repeat(maxRowBytes + 1)}`)))
      rows.push(row);
  }).toThrow(/^line 3: /);
  expect(rows.map(({ cells }) => cells)).toEqual([['a'], ['b']]);
});

test('an open quote is a fault of the file at its end, or once the row is longer than any row may be', () => {
  expect(() => scan('a\n"b\nc')).toThrow(
    new CsvFault(2, 'the row that begins here opens a quote that is never closed'),
  );
  expect(() => scan(`a\n"${'b\n'.repeat(maxRowBytes)}`, 65_536)).toThrow(
    /^line 2: .* longer than 1048576 bytes/,
  );
});
