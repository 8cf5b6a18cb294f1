import { expect, test } from 'vitest';
import type { TargetField } from '../../provider.ts';
import { parseJson } from '../client/body.ts';
import { giveValue, takeValue } from './convert.ts';

const field = (more: Partial<TargetField> & Pick<TargetField, 'type'>): TargetField => ({
  name: 'x',
  ...more,
});

test.each([
  [field({ type: 'text' }), '  A\u0301 ', { value: '\u00C1' }],
  [field({ type: 'text' }), '   ', { value: null }],
  [
    field({ type: 'text', maxLength: 3 }),
    'abcdef',
    { value: 'abc', cut: 'it has 6 characters, of which 3 fit' },
  ],
  [field({ type: 'text' }), true, { value: 'true' }],
  [field({ type: 'boolean' }), 'false', { value: false }],
  [field({ type: 'boolean' }), 'maybe', { fault: 'it is no truth value' }],
  [field({ type: 'integer' }), '1.2E3', { value: 1_200 }],
  [field({ type: 'integer' }), '1.5', { value: 1, cut: 'its digits after the point do not fit' }],
  [field({ type: 'integer' }), '9e30', { fault: 'it is too large for a whole number' }],
  [field({ type: 'decimal', scale: 2 }), '12.50', { value: '12.5' }],
  [
    field({ type: 'decimal', scale: 1 }),
    '12.55',
    { value: '12.5', cut: 'it has more than 1 digits after the point' },
  ],
  [field({ type: 'date' }), '2026-02-28', { value: '2026-02-28' }],
  [field({ type: 'date' }), '28.02.2026', { fault: 'it is no date' }],
  [field({ type: 'date_time' }), '2026-11-21T10:00:00.000+0000', { value: '2026-11-21T10:00:00.000Z' }],
  [field({ type: 'date_time' }), '2026-11-21T10:00:00.000Z', { value: '2026-11-21T10:00:00.000Z' }],
  [field({ type: 'email' }), 'a b@c', { fault: 'it is not one e-mail address' }],
  [field({ type: 'url', maxLength: 5 }), 'https://acme', { fault: 'it has 12 characters, of which 5 fit' }],
  [field({ type: 'choice', choices: ['a'] }), 'b', { fault: 'it is none of the choices a' }],
  [field({ type: 'multi_choice' }), 'North;South', { value: ['North', 'South'] }],
])('%j takes %j', (target, given, taken) => {
  expect(takeValue(target, given)).toEqual(taken);
});

test('an amount of eighteen digits keeps them all on both ways', () => {
  const parsed = parseJson('{"Amount": 123456789012345678.90}');
  const given = Object(parsed).Amount;
  expect(takeValue(field({ type: 'decimal', scale: 2 }), given)).toEqual({ value: '123456789012345678.9' });
  expect(giveValue('currency', '123456789012345678.9')).toBe('123456789012345678.9');
});

test('a cut never leaves half a character', () => {
  expect(takeValue(field({ type: 'text', maxLength: 2 }), 'a\u{1F600}b')).toMatchObject({ value: 'a\uFFFD' });
});
