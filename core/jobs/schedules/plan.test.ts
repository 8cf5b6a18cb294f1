import { expect, test } from 'vitest';
import { checkPlan, nextInstant } from './plan.ts';

function instants(cron: string, timeZone: string, after: string, count: number): string[] {
  const found: string[] = [];
  let last = new Date(after);
  for (let step = 0; step < count; step += 1) {
    const next = nextInstant({ name: 'plan', cron, timeZone }, last);
    if (next === undefined) break;
    found.push(next.toISOString());
    last = next;
  }
  return found;
}

test('nextInstant() moves a fixed time out of the gap of spring and keeps to one run a day', () => {
  expect(instants('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

test('nextInstant() runs a fixed time once when autumn has it twice', () => {
  expect(instants('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
});

test('nextInstant() keeps a half-hourly plan half-hourly through gap and overlap', () => {
  for (const start of ['2026-03-29T00:10:00Z', '2026-10-25T00:10:00Z']) {
    const times = instants('*/30 * * * *', 'Europe/Berlin', start, 6).map((text) => Date.parse(text));
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(steps).toEqual([1_800_000, 1_800_000, 1_800_000, 1_800_000, 1_800_000]);
  }
});

test('nextInstant() takes six fields and other hemispheres', () => {
  expect(instants('*/20 * * * * *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual([
    '2026-01-01T00:00:20.000Z',
    '2026-01-01T00:00:40.000Z',
  ]);
  expect(instants('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', 2)).toEqual([
    '2026-10-03T15:30:00.000Z',
    '2026-10-04T15:15:00.000Z',
  ]);
});

test.each([
  ['* * *', 'UTC', 'five or six fields'],
  ['0 0 * * * * *', 'UTC', 'five or six fields'],
  ['@daily', 'UTC', 'five or six fields'],
  ['61 * * * *', 'UTC', 'cannot be read'],
  ['0 0 30 2 *', 'UTC', 'never fires'],
  ['* * * * *', 'Mars/Olympus', 'no time zone'],
])('checkPlan() refuses %s in %s and says why', (cron, timeZone, reason) => {
  expect(() => checkPlan({ name: 'plan', cron, timeZone }, new Date('2026-01-01T00:00:00Z'))).toThrow(reason);
});
