import { expect, test } from 'vitest';
import { maxRowBytes } from './format.ts';
import { CsvInspection, NotCsv } from './inspection.ts';

function inspect(bytes: Buffer, pieceBytes = 65_536) {
  const inspection = new CsvInspection({});
  for (let at = 0; at < bytes.length; at += pieceBytes) inspection.push(bytes.subarray(at, at + pieceBytes));
  return inspection.end();
}

test.each([
  ['PK\u0003\u0004....[Content_Types].xml....xl/workbook.xml', 'an Excel workbook'],
  ['PK\u0003\u0004....mimetypeapplication/vnd.oasis.opendocument.spreadsheet', 'an OpenDocument spreadsheet'],
  ['PK\u0003\u0004....contacts.csv', 'a zip archive'],
  ['%PDF-1.7\n', 'a PDF document'],
  ['\u0089PNG\r\n\u001a\n', 'a PNG image'],
  ['\u001f\u008b\u0008', 'a gzip archive'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Excel workbook, Word document or Outlook message'],
  ['\n  <!DOCTYPE html><html>', 'an HTML page'],
  ['<html lang="en">', 'an HTML page'],
  ['<?xml version="1.0"?>', 'an XML document'],
  ['{"records":[]}', 'a JSON document'],
  ['[{"email":"a"}]', 'a JSON document'],
  ['BEGIN:VCARD\r\nVERSION:3.0', 'a vCard or calendar file'],
])('%j is no CSV, and is called what it is', (text, kind) => {
  expect(() => inspect(Buffer.from(text, 'latin1'))).toThrow(new NotCsv(kind));
});

test.each(['email,name\n', '"<b>",x\n', '<none>,email\n', '{a},b\n', '[a],b\n', 'PK,b\n'])(
  '%j is taken for CSV',
  (text) => {
    expect(inspect(Buffer.from(text)).delimiter).toBe('comma');
  },
);

test('a row that never ends is refused as soon as it is too long, whatever comes after it', () => {
  const inspection = new CsvInspection({});
  inspection.push(Buffer.from('email\na\n'));
  const piece = Buffer.alloc(65_536, 'x');
  let pushed = 0;
  expect(() => {
    for (; pushed < 2_000_000_000; pushed += piece.length) inspection.push(piece);
  }).toThrow(/^line 3: the row that begins here is longer/);
  expect(pushed).toBeLessThan(2 * maxRowBytes);
});

test.each([
  [`a\n"b\nc`, 'line 2: the row that begins here opens a quote that is never closed'],
  [`${'a,'.repeat(9_999)}b\n1\n`, 'line 1: the file has 10000 columns; at most 2000 are read'],
])('a fault that ends the file is told before a row of it is used', (text, message) => {
  expect(() => inspect(Buffer.from(text), 1_000)).toThrow(message);
});
