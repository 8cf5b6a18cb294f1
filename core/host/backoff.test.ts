import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';

test('each failure in a row of one target doubles the pause, up to five minutes', () => {
  const backoff = new Backoff();
  const pauses = Array.from({ length: 10 }, () => backoff.pauseMs('1.0.0', 1_000, undefined));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
});

test.each([
  [59_999, 4_000],
  [60_001, 1_000],
])('after %i ms of service the third failure pauses %i ms', (ranMs, pauseMs) => {
  const backoff = new Backoff();
  backoff.pauseMs('1.0.0', 1_000, undefined);
  backoff.pauseMs('1.0.0', 1_000, undefined);
  expect(backoff.pauseMs('1.0.0', 1_000, ranMs)).toBe(pauseMs);
});

test('another target, and what was forgiven, begin anew', () => {
  const backoff = new Backoff();
  backoff.pauseMs('1.0.0', 1_000, undefined);
  expect(backoff.pauseMs('1.1.0', 1_000, undefined)).toBe(1_000);
  backoff.forgive();
  expect(backoff.pauseMs('1.1.0', 1_000, undefined)).toBe(1_000);
  expect(backoff.pauseMs('1.1.0', 1_000, undefined)).toBe(2_000);
});
