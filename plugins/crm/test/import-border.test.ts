import { once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCrm } from './support.ts';
import type { CrmAppliance } from './support.ts';

let crm: CrmAppliance;
beforeAll(async () => {
  crm = await startCrm({ import_batch_rows: 3, import_max_bytes: 12_000_000 });
});
afterAll(() => crm[Symbol.asyncDispose]());

const path = '/imports?object=contacts';
const good = 'email\nborder@file.example\n';

async function importFile(body: string | Uint8Array, contentType = 'text/csv') {
  const headers = { 'content-type': contentType };
  const { status, body: started } = await crm.send('POST', path, { body, headers });
  expect(status, JSON.stringify(started)).toBe(202);
  return crm.importEnded(started.id);
}

const errorsOf = async (id: string): Promise<string> => (await crm.send('GET', `/imports/${id}/errors`)).body;

describe('a body that is not declared as plain CSV in UTF-8 is refused, naming what is accepted', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/zip',
    'text/csv-schema',
    'nonsense',
  ])('%s', async (contentType) => {
    const headers = { 'content-type': contentType };
    const { status, body } = await crm.send('POST', path, { body: good, headers });
    expect({ status, code: body.code }).toEqual({ status: 415, code: 'UPLOAD_TYPE_UNSUPPORTED' });
    expect(body.detail).toContain(contentType);
    expect(body.detail).toContain('text/csv');
  });

  test('no type at all', async () => {
    const upload = request(`${crm.url}/api/v1/crm${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await crm.appliance.token('operator')}` },
    });
    upload.end(good);
    const [response] = await once(upload, 'response');
    response.resume();
    expect(response.statusCode).toBe(415);
  });

  test.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, identity'])(
    'content encoding %s',
    async (contentEncoding) => {
      const headers = { 'content-encoding': contentEncoding };
      const { status, body } = await crm.send('POST', path, { body: gzipSync(good), headers });
      expect({ status, code: body.code }).toEqual({ status: 415, code: 'CONTENT_ENCODING_UNSUPPORTED' });
      expect(body.detail).toContain(contentEncoding);
    },
  );

  test.each(['shift_jis', 'utf-7', '"iso-8859-15"', 'utf-32'])('character set %s', async (charset) => {
    const headers = { 'content-type': `text/csv; charset=${charset}` };
    const { status, body } = await crm.send('POST', path, { body: good, headers });
    expect({ status, code: body.code }).toEqual({ status: 415, code: 'CHARSET_UNSUPPORTED' });
    expect(body.detail).toContain('windows-1252');
  });

  test('and leaves nothing', async () => {
    expect(await crm.database.query('select 1 from imports')).toEqual([]);
  });
});

test.each([
  'text/csv;charset=UTF-8',
  'TEXT/CSV; header=present; charset="utf-8"',
  'text/csv; charset = us-ascii',
])('%s is accepted', async (contentType) => {
  expect(await importFile(good, contentType)).toMatchObject({ status: 'completed', rows_failed: 0 });
});

test.each([
  ['iso-8859-1', 'latin1', 'windows-1252'],
  ['windows-1252', 'latin1', 'windows-1252'],
  ['utf-16le', 'utf16le', 'utf-16le'],
  ['utf-16', 'utf16le', 'utf-16le'],
] as const)('the character set %s is taken at its word', async (charset, written, encoding) => {
  const file = Buffer.from(`email,first_name\n${charset}@charset.example,Zoë\n`, written);
  const ended = await importFile(file, `text/csv; charset=${charset}`);
  expect(ended).toMatchObject({ status: 'completed', rows_created: 1, format: { encoding } });
  const { body } = await crm.send('GET', `/contacts?q=${charset}@charset.example`);
  expect(body.items).toMatchObject([{ first_name: 'Zoë' }]);
});

test('a row of 10 MB is refused while it comes in, naming its line, and leaves nothing', async () => {
  const before = await crm.database.query('select count(*) from imports');
  const rows = Array.from({ length: 4 }, (_, index) => `long${index}@file.example`).join('\n');
  const file = `email\n${rows}\n${'x'.repeat(10_000_000)}\nlast@file.example\n`;
  const { status, body } = await crm.send('POST', path, { body: file });
  expect({ status, code: body.code }).toEqual({ status: 413, code: 'ROW_TOO_LONG' });
  expect(body.detail).toBe('The row that begins on line 6 is longer than 1048576 bytes.');
  expect(await crm.database.query('select count(*) from imports')).toEqual(before);
  expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
});

test.each([
  ['PK\u0003\u0004....[Content_Types].xml....xl/workbook.xml', 'an Excel workbook'],
  ['PK\u0003\u0004....contacts.csv', 'a zip archive'],
  ['%PDF-1.7\n', 'a PDF document'],
  ['\u0089PNG\r\n\u001a\n', 'a PNG image'],
  ['<!DOCTYPE html><html><body>Log in</body></html>', 'an HTML page'],
])('%j called CSV is refused as what it is, and leaves nothing', async (text, kind) => {
  const before = await crm.database.query('select count(*) from imports');
  const { status, body } = await crm.send('POST', path, { body: Buffer.from(text, 'latin1') });
  expect({ status, code: body.code }).toEqual({ status: 415, code: 'FILE_NOT_CSV' });
  expect(body.detail).toBe(`The file is ${kind}, not CSV.`);
  expect(body.remedy).toContain('save or export it as CSV');
  expect(await crm.database.query('select count(*) from imports')).toEqual(before);
});

test('another encoding in the middle of a file fails it as a whole, naming line and byte', async () => {
  const head = `email\nmüller@file.example\n${'middle@file.example\n'.repeat(100_000)}`;
  const ended = await importFile(Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from('\n')]));
  expect(ended).toMatchObject({
    status: 'failed',
    reason: `line 100003, byte ${Buffer.byteLength(head)}: the file is not UTF-8 here, as it is before; save all of it as UTF-8`,
    rows_total: 0,
  });
});

test('NUL bytes are named by row, and shown as their picture wherever they stand in the header', async () => {
  const ended = await importFile('email,note\u0000,first_name\nnul@file.example,\u0000,A\u0000\n\u0000,,\n');
  expect(ended).toMatchObject({ status: 'completed', rows_failed: 2, ignored_columns: ['note\u2400'] });
  expect(await errorsOf(ended.id)).toBe(
    'line,reason,email,note\u2400,first_name\r\n' +
      '2,first_name must not hold the character U+0000; remove it,nul@file.example,\u2400,A\u2400\r\n' +
      '3,email must not hold the character U+0000; remove it,\u2400,,\r\n',
  );
});

test('a file cut half-way by its sender, announced size or not, leaves no import behind', async () => {
  const before = await crm.database.query('select count(*) from imports');
  for (const announced of [{}, { 'content-length': '9000000' }]) {
    const upload = request(`${crm.url}/api/v1/crm${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await crm.appliance.token('operator')}`,
        'content-type': 'text/csv',
        ...announced,
      },
    });
    const brokenOff = once(upload, 'error');
    upload.write(`email\n${'cut@file.example\n'.repeat(200_000)}`);
    await expect
      .poll(() => crm.database.query('select 1 from import_chunks'), { timeout: 30_000 })
      .not.toEqual([]);
    upload.destroy(new Error('the sender is killed'));
    await brokenOff;
    await expect
      .poll(() => crm.database.query('select count(*) from imports'), { timeout: 30_000 })
      .toEqual(before);
    expect(await crm.database.query('select 1 from import_chunks')).toEqual([]);
  }
});
