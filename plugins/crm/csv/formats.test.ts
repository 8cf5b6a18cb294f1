import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvFault, delimiterCharacters } from './format.ts';
import type { CsvFormat, GivenFormat } from './format.ts';
import { CsvInspection } from './inspection.ts';
import { CsvScanner } from './scanner.ts';
import type { CsvPosition, CsvRow } from './scanner.ts';
import { encodeText } from './test-encodings.ts';

const lineEnds = { lf: '\n', crlf: '\r\n', cr: '\r' } as const;

/** A table as a file of a format; every cell is quoted that holds what would end it. */
function write(rows: readonly (readonly string[])[], format: CsvFormat): Buffer {
  const quote = format.quote === 'single' ? "'" : '"';
  const delimiter = delimiterCharacters[format.delimiter];
  const escape = (text: string): string =>
    format.quote === 'backslash'
      ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
      : text.replaceAll(quote, quote + quote);
  const cell = (text: string): string =>
    text === '' ||
    format.quote === 'single' ||
    [quote, delimiter, '\r', '\n', '\\'].some((part) => text.includes(part))
      ? quote + escape(text) + quote
      : text;
  const lines = rows.map((cells) => cells.map(cell).join(delimiter));
  const mark = format.byte_order_mark ? '\uFEFF' : '';
  return encodeText(mark + lines.join(lineEnds[format.line_end]), format.encoding);
}

function inspect(bytes: Buffer, pieceBytes: number, given: GivenFormat = {}): CsvFormat {
  const inspection = new CsvInspection(given);
  for (let at = 0; at < bytes.length; at += pieceBytes) inspection.push(bytes.subarray(at, at + pieceBytes));
  return inspection.end();
}

function read(bytes: Buffer, format: CsvFormat, pieceBytes: number, from?: CsvPosition): CsvRow[] {
  const scanner = new CsvScanner({ format, from });
  const rows: CsvRow[] = [];
  for (let at = from?.offset ?? 0; at < bytes.length; at += pieceBytes)
    rows.push(...scanner.push(bytes.subarray(at, at + pieceBytes)));
  return [...rows, ...scanner.end()];
}

const format: fc.Arbitrary<CsvFormat> = fc
  .record({
    encoding: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be', 'windows-1252'),
    byte_order_mark: fc.boolean(),
    delimiter: fc.constantFrom('comma', 'semicolon', 'tab', 'pipe'),
    quote: fc.constantFrom('double', 'single', 'backslash'),
    line_end: fc.constantFrom('lf', 'crlf', 'cr'),
  })
  .map((given) => (given.encoding === 'windows-1252' ? { ...given, byte_order_mark: false } : given));

const anyText = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '"', "'", ',', ';', '|', '\t', '\n', '\r', '\\', ' ', '\u0000'),
  maxLength: 6,
});
const wideText = fc.oneof(anyText, fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constant('😀ж漢'));
const pieceBytes = fc.integer({ min: 1, max: 40 });

const table = (text: fc.Arbitrary<string>) =>
  fc
    .integer({ min: 2, max: 4 })
    .chain((columns) =>
      fc.array(fc.array(text, { minLength: columns, maxLength: columns }), { maxLength: 6 }),
    );
const written = format.chain((chosen) =>
  fc.record({
    format: fc.constant(chosen),
    rows: table(chosen.encoding === 'windows-1252' ? anyText : wideText),
  }),
);

test('a table in any format reads back the same, however it is cut into pieces', () => {
  fc.assert(
    fc.property(written, pieceBytes, ({ format: chosen, rows }, size) => {
      expect(read(write(rows, chosen), chosen, size).map(({ cells }) => cells)).toEqual(rows);
    }),
    { numRuns: 500 },
  );
});

test('reading goes on at the end of any row, at exact bytes of the file, as if it had never stopped', () => {
  fc.assert(
    fc.property(written, pieceBytes, ({ format: chosen, rows }, size) => {
      const bytes = write(rows, chosen);
      const all = read(bytes, chosen, 7);
      for (const [index, row] of all.entries())
        expect(read(bytes, chosen, size, row.end)).toEqual(all.slice(index + 1));
      expect(all.at(-1)?.end.offset ?? 0).toBe(all.length === 0 ? 0 : bytes.length);
    }),
    { numRuns: 300 },
  );
});

const header = ['First Name', 'E-Mail', 'Notes', 'Größe'];
const plainText = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '1'), minLength: 1, maxLength: 8 });

test('every format is detected from the beginning of a file, however it is cut into pieces', () => {
  const rows = fc.array(fc.array(plainText, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(format, rows, pieceBytes, (chosen, cells, size) => {
      // A cell that only this quoting reads.
      const telling = ['said "so", \'twice\'; both|ways', 'x', 'y', 'z'];
      expect(inspect(write([header, telling, ...cells], chosen), size)).toEqual(chosen);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a header alone', 'email;name', {}, { delimiter: 'semicolon' }],
  ['commas in the cells of a file with semicolons', 'a;b\n1,5;2,5\n1,5;3\n', {}, { delimiter: 'semicolon' }],
  ['semicolons in the cells of a file with commas', 'a,b\n1,x;y;z\n1,p;q\n', {}, { delimiter: 'comma' }],
  ['one column', 'email\na@example.com\n', {}, { delimiter: 'comma' }],
  ['an apostrophe before what is no formula', "a,b\n'=1,'+2\n", {}, { quote: 'double' }],
  ['Windows paths', 'a,b\n"C:\\dir\\","x ""y"""\n1,2\n', {}, { quote: 'double' }],
  [
    'what is said',
    'a,b;c\n1,2\n',
    { delimiter: 'semicolon', quote: 'none' },
    { delimiter: 'semicolon', quote: 'none' },
  ],
  [
    'NUL bytes among others',
    'email,note\u0000,name\nnul@x.example,\u0000,A\u0000\n\u0000,,\n',
    {},
    { encoding: 'utf-8' },
  ],
  ['nothing', '', {}, { encoding: 'utf-8', delimiter: 'comma' }],
] as const)('%s: told apart', (_, text, given, expected) => {
  expect(inspect(Buffer.from(text), 5, given)).toMatchObject(expected);
});

test('the first line beyond ASCII decides between UTF-8 and Windows-1252, however late it comes', () => {
  const ascii = `email,name\n${'a@example.com,Ada\n'.repeat(20_000)}`;
  const late = `${ascii}b@example.com,Gödel\n`;
  expect(inspect(Buffer.from(late), 10_000).encoding).toBe('utf-8');
  expect(inspect(Buffer.from(late, 'latin1'), 10_000).encoding).toBe('windows-1252');
});

test.each([1, 3, 1_000])('mixed encodings are refused with the line, in pieces of %i bytes', (size) => {
  const utf8 = Buffer.from('email,name\na,Gödel\n');
  const latin = Buffer.from('b,Müller\n', 'latin1');
  expect(() => inspect(Buffer.concat([utf8, latin]), size)).toThrow(/^line 3, byte 23: .* not UTF-8 here/);
  const other = [Buffer.from('email,name\n'), latin, Buffer.from('c,Gödel\n')];
  expect(() => inspect(Buffer.concat(other), size)).toThrow(/^line 3, byte 23: .* is UTF-8 here/);
  expect(() => inspect(Buffer.from([0x61, 0x0a, 0xe9, 0x0a, 0x81, 0x0a]), size)).toThrow(
    /^line 3, byte 4: .* neither UTF-8 nor Windows-1252/,
  );
  const wide = Buffer.concat([
    Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'),
    Buffer.from('a,\u0000b\n1,\ud83d\n', 'utf16le'),
  ]);
  wide.writeUInt16LE(0xd83d, wide.length - 4);
  expect(() => inspect(wide, size)).toThrow(/^line 4, byte 32: .* not UTF-16 here/);
  expect(() => inspect(Buffer.from('\uFEFFa,b\n', 'utf16le').subarray(0, 9), size)).toThrow(
    /^line 1, byte 8: the file ends inside a character/,
  );
  expect(() => inspect(Buffer.from([0x61, 0xe2, 0x82]), size)).toThrow(/^line 1, byte 1: .* ends inside/);
});

test('a said encoding that the bytes are not is refused', () => {
  expect(() => inspect(Buffer.from('a,ü\n', 'latin1'), 9, { encoding: 'utf-8' })).toThrow(/not UTF-8/);
  expect(inspect(Buffer.from('a,ü\n'), 9, { encoding: 'windows-1252' }).encoding).toBe('windows-1252');
  expect(() => inspect(Buffer.from('\uFEFFa,b\n'), 9, { encoding: 'utf-16le' })).toThrow(
    new CsvFault(1, 'the file begins with the byte order mark of utf-8; it is not utf-16le', 0),
  );
});
