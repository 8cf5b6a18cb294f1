import { expect, test } from 'vitest';
import { coreError } from '../../errors.ts';
import { errorText } from './error-text.ts';

test('errorText() keeps the code of an error of ours', () => {
  expect(errorText(coreError('JOB_CANCELLED', { id: '1' }))).toEqual({
    code: 'JOB_CANCELLED',
    message: 'The job 1 was cancelled.',
  });
});

test.each([
  ['connect postgres://crm:hunter2@db:5432/crm failed', 'hunter2'],
  ['401 for Authorization: Bearer abc.def-ghi', 'abc.def-ghi'],
  ['bad request {"password":"hunter2","user":"x"}', 'hunter2'],
  ["client_secret='s3cr3t value' refused", 's3cr3t value'],
  ['api_key=AKIA123 is not valid', 'AKIA123'],
])('errorText() masks the secret in: %s', (message, secret) => {
  expect(errorText(new Error(message)).message).not.toContain(secret);
});

test('errorText() shortens long messages and takes what is no Error', () => {
  expect(errorText(new Error('x'.repeat(100_000))).message).toHaveLength(1000);
  expect(errorText('plain')).toEqual({ code: 'INTERNAL_ERROR', message: 'plain' });
});
