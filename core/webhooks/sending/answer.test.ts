import { expect, test } from 'vitest';
import { retryAfterMs, shownResponse } from './answer.ts';

const now = Date.parse('2026-11-21T10:00:00Z');

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Sat, 21 Nov 2026 10:01:00 GMT', 60_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['99999999999', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j asks for %j milliseconds', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

test('a response is kept shortened, without what cannot be stored and without secrets', () => {
  expect(shownResponse(Buffer.from(''), [])).toBeNull();
  expect(shownResponse(Buffer.from('fine\n'), [])).toBe('fine\n');
  expect(shownResponse(Buffer.from('a\0b\u001bc'), [])).toBe('a\u{fffd}b\u{fffd}c');
  expect(shownResponse(Buffer.from([0xff, 0x41]), [])).toBe('\u{fffd}A');
  expect(shownResponse(Buffer.from('you sent hush-hush'), ['hush-hush', ''])).toBe('you sent [secret]');
  expect(shownResponse(Buffer.from(`a${'😀'.repeat(300)}`), [])).toBe(`a${'😀'.repeat(249)}…`);
  expect(shownResponse(Buffer.from('😀'.repeat(300)), [])).toBe(`${'😀'.repeat(250)}…`);
});
