import { expect, test } from 'vitest';
import { childTraceparent, formatTraceparent, parseTraceparent } from './traces.ts';

const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a header that is read and written again is the same', () => {
  const context = parseTraceparent(given);
  expect(context).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true });
  expect(context && formatTraceparent(context)).toBe(given);
});

test('a child keeps trace and sampling and has a span of its own', () => {
  const child = parseTraceparent(childTraceparent(parseTraceparent(given)));
  expect(child).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true });
  expect(child?.parentId).not.toBe('b7ad6b7169203331');
  expect(parseTraceparent(childTraceparent(undefined))).toBeDefined();
});

test('a later version may carry more', () => {
  expect(parseTraceparent(`01${given.slice(2)}-more`)).toBeDefined();
});

test.each([
  ['', 'empty'],
  [given.toUpperCase(), 'capitals'],
  [`ff${given.slice(2)}`, 'the forbidden version'],
  [`${given}-more`, 'more than version 00 has'],
  ['00-00000000000000000000000000000000-b7ad6b7169203331-01', 'a trace id of zeros'],
  ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', 'a parent id of zeros'],
  [given.slice(0, -1), 'too short'],
])('%s is refused: %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});
