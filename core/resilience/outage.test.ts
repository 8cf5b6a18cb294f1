import { expect, test } from 'vitest';
import { Outage } from './outage.ts';

const pauses = (outage: Outage, failures: number): number[] =>
  Array.from({ length: failures }, () => {
    outage.failed(() => undefined);
    return outage.pauseMs;
  });

test('the pause doubles with each failure in a row up to its bound, however many there are', () => {
  const outage = new Outage({ firstPauseMs: 250, longestPauseMs: 2_000 });
  expect(outage.pauseMs).toBe(0);
  expect(pauses(outage, 6)).toEqual([250, 500, 1_000, 2_000, 2_000, 2_000]);
  expect(pauses(outage, 2_000).at(-1)).toBe(2_000);
});

test('without a bound the pause stays the first', () => {
  expect(pauses(new Outage({ firstPauseMs: 250 }), 3)).toEqual([250, 250, 250]);
});

test('only the first failure of an outage is told, and the next outage is told again', () => {
  const outage = new Outage({ firstPauseMs: 250, longestPauseMs: 2_000 });
  const told: string[] = [];
  for (const failure of ['first', 'second']) outage.failed(() => told.push(failure));
  expect(outage.failures).toBe(2);
  outage.passed();
  expect([outage.failures, outage.pauseMs]).toEqual([0, 0]);
  outage.failed(() => told.push('third'));
  expect([told, outage.pauseMs]).toEqual([['first', 'third'], 250]);
});
