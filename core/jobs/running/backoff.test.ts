import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, longestBackoffMs } from './backoff.ts';

const almostOne = () => 0.999_999;

test('backoffMs() doubles its ceiling with each failure up to five minutes', () => {
  expect([1, 2, 3, 4].map((failures) => backoffMs(failures, 1000, almostOne))).toEqual([
    1000, 2000, 4000, 8000,
  ]);
  expect(backoffMs(60, 1000, almostOne)).toBe(longestBackoffMs);
});

test('backoffMs() is spread over the whole pause and never zero', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 600_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, first, share) => {
        const pause = backoffMs(failures, first, () => share);
        expect(pause).toBeGreaterThanOrEqual(1);
        expect(pause).toBeLessThanOrEqual(longestBackoffMs);
      },
    ),
  );
});
