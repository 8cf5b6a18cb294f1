import { expect, test } from 'vitest';
import { maskText } from './secrets.ts';

test.each([
  ['postgres://crm:hunter2@db:5432/crm', 'postgres://crm:[secret]@db:5432/crm'],
  ['redis://:hunter2@cache/0 is gone', 'redis://:[secret]@cache/0 is gone'],
  [
    'a user with an @: postgres://ada@corp:hunter2@db/crm',
    'a user with an @: postgres://ada@corp:[secret]@db/crm',
  ],
  [
    'a password with one: postgres://crm:hunt@er2@db/crm',
    'a password with one: postgres://crm:[secret]@db/crm',
  ],
  ['http://host:8000/path', 'http://host:8000/path'],
  ['http://host:8000 was asked by a@b.example', 'http://host:8000 was asked by a@b.example'],
])('maskText() takes the password out of %s', (text, masked) => {
  expect(maskText(text)).toBe(masked);
});
