import { expect, test } from 'vitest';
import { pauseBeforeRetry, pausesMs, restAfter } from './backoff.ts';

const hourMs = 3_600_000;

test('eleven attempts are spread over nearly 24 hours, whatever the dice say', () => {
  for (const random of [() => 0, () => 0.999_999]) {
    const pauses = pausesMs.map((_, index) => pauseBeforeRetry(index + 1, undefined, pausesMs, random) ?? 0);
    const total = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(total).toBeGreaterThan(21 * hourMs);
    expect(total).toBeLessThan(24 * hourMs);
    expect(pauses.toSorted((left, right) => left - right)).toEqual(pauses);
  }
  expect(pauseBeforeRetry(pausesMs.length + 1, undefined, pausesMs, () => 0)).toBeUndefined();
});

function pauseFor(retryAfterMs: number): number | undefined {
  return pauseBeforeRetry(1, retryAfterMs, pausesMs, () => 1);
}

test('Retry-After makes a pause longer, never shorter, and by an hour at most', () => {
  expect(pauseFor(0)).toBe(5_000);
  expect(pauseFor(60_000)).toBe(60_000);
  expect(pauseFor(365 * 24 * hourMs)).toBe(hourMs);
  expect(restAfter(1, 60_000)).toBe(60_000);
  expect(restAfter(1, 24 * hourMs)).toBe(hourMs);
});

test('a receiver that fails again and again rests longer and longer, five minutes at most', () => {
  expect([1, 2, 3, 4, 5].map((failures) => restAfter(failures, undefined))).toEqual([
    0, 0, 1_000, 2_000, 4_000,
  ]);
  expect(restAfter(5_000, undefined)).toBe(300_000);
});
