import { expect, test } from 'vitest';
import { errorMessage } from './error-message.ts';

test.each([
  ['connect postgres://crm:hunter2@db:5432/crm failed', 'hunter2'],
  ['401 for Authorization: Bearer abc.def-ghi', 'abc.def-ghi'],
  ['bad request {"password":"hunter2","user":"x"}', 'hunter2'],
  ["client_secret='s3cr3t value' refused", 's3cr3t value'],
  ['api_key=AKIA123 is not valid', 'AKIA123'],
])('errorMessage() masks the secret in: %s', (message, secret) => {
  expect(errorMessage(new Error(message), 1000)).not.toContain(secret);
});

test('errorMessage() shortens long messages and takes what is no Error', () => {
  expect(errorMessage(new Error('x'.repeat(100_000)), 1000)).toHaveLength(1000);
  expect(errorMessage('plain', 1000)).toBe('plain');
});

test.each([
  ['an object without a prototype', Object.create(null)],
  ['an error whose message cannot be read', failing()],
  ['an error whose message is no text', Object.assign(new Error('x'), { message: Object.create(null) })],
])('errorMessage() names the type of %s and does not throw', (_, thrown) => {
  expect(errorMessage(thrown, 1000)).toBe('a value of type object without a message');
});

function failing(): Error {
  return Object.defineProperty(new Error('x'), 'message', {
    get: () => {
      throw new Error('no message');
    },
  });
}

test('errorMessage() leaves nothing that PostgreSQL refuses, also where it cuts a pair in two', () => {
  expect(errorMessage(new Error('a\0b'), 1000)).toBe('ab');
  const cut = errorMessage(new Error(`${'x'.repeat(999)}😀`), 1000);
  expect([cut.length, cut.isWellFormed()]).toEqual([1000, true]);
  expect(errorMessage('half \ud83d of one', 1000).isWellFormed()).toBe(true);
});
