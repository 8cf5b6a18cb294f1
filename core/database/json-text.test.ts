import { expect, test } from 'vitest';
import { jsonText } from './json-text.ts';

test.each([
  ['plain', { a: [1, 'ä😀', null] }],
  ['a backslash before u0000', String.raw`\u0000`],
])('jsonText() takes %s', (_title, value) => {
  expect(jsonText(value, 1000)).toEqual({ text: JSON.stringify(value) });
});

const ring: Record<string, unknown> = {};
ring['self'] = ring;

test.each([
  ['undefined', undefined, 'not JSON'],
  ['a function', () => 1, 'not JSON'],
  ['a ring', ring, 'circular'],
  ['a bigint', 1n, 'BigInt'],
  ['NUL', 'a\0b', 'NUL'],
  ['half a pair', 'a\ud83d', 'surrogate'],
  ['too much', 'x'.repeat(1000), 'at most 1000'],
])('jsonText() refuses %s and says why', (_title, value, reason) => {
  expect(jsonText(value, 1000)).toEqual({ problem: expect.stringContaining(reason) });
});
