import { secretMask } from '@orchestrall/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonText } from '../database/json-text.ts';
import { auditBounds, maskRecord } from './record.ts';

test('maskRecord() masks secret-named values of every type at any depth', () => {
  const record = {
    name: 'Ada',
    password: 'hunter2',
    settings: { apiKey: 12_345, smtp: [{ client_secret: { value: 'x' }, host: 'mail' }] },
    access_token: ['a', 'b'],
    token: null,
  };
  expect(maskRecord(record)).toEqual({
    name: 'Ada',
    password: secretMask,
    settings: { apiKey: secretMask, smtp: [{ client_secret: secretMask, host: 'mail' }] },
    access_token: secretMask,
    token: null,
  });
});

test('maskRecord() masks credentials inside texts', () => {
  const { note } = maskRecord({ note: 'see postgres://crm:hunter2@db/crm with Bearer abcdef123456' });
  expect(note).not.toContain('hunter2');
  expect(note).not.toContain('abcdef123456');
});

test('maskRecord() shortens long texts and lists and keeps the names of a record that is too large', () => {
  const { text, list } = maskRecord({
    text: 'x'.repeat(10_000),
    list: Array.from({ length: 300 }, (_, at) => at),
  });
  expect(text).toMatch(/^x{4000}\.\.\. 10000 characters$/);
  expect(list).toHaveLength(201);
  const large = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`field_${at}`, 'y'.repeat(3000)]));
  expect(maskRecord(large)).toMatchObject({
    '...': expect.stringContaining('left out'),
    fields: expect.any(Array),
  });
});

test('maskRecord() always gives JSON that fits and can be stored', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.anything({ withDate: true, withMap: true })),
      (record) => {
        expect(jsonText(maskRecord(record), auditBounds.maxBytes)).toHaveProperty('text');
      },
    ),
  );
});
