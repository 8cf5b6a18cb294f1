import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OwnedTimers } from './timers.ts';

const dayMs = 86_400_000;

function ownedTimers(): { readonly timers: OwnedTimers; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const timers = new OwnedTimers({
    owner: { plugin: 'p', version: '1.0.0', generation: 1, run: async (_kind, work) => work() },
    onError: (error) => errors.push(error),
  });
  return { timers, errors };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a delay longer than Node keeps to is kept to', async () => {
  const { timers } = ownedTimers();
  const work = vi.fn<() => void>();
  timers.every(30 * dayMs, work);
  timers.activate();
  await vi.advanceTimersByTimeAsync(30 * dayMs - 1);
  expect(work).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(30 * dayMs + 1);
  expect(work).toHaveBeenCalledTimes(2);
  timers.deactivate();
  expect(vi.getTimerCount()).toBe(0);
});

test('nothing is called before activate() and after deactivate(), and what throws is told and goes on', async () => {
  const { timers, errors } = ownedTimers();
  const fault = new Error('no');
  timers.every(10, () => {
    throw fault;
  });
  await vi.advanceTimersByTimeAsync(100);
  expect(errors).toEqual([]);
  timers.activate();
  await vi.advanceTimersByTimeAsync(20);
  timers.deactivate();
  await vi.advanceTimersByTimeAsync(100);
  expect(errors).toEqual([fault, fault]);
});

test('a timer that is disposed while its callback runs does not come again', async () => {
  const { timers } = ownedTimers();
  timers.activate();
  const goOn = Promise.withResolvers<void>();
  const work = vi.fn<() => Promise<void>>(async () => goOn.promise);
  const timer = timers.every(10, work);
  await vi.advanceTimersByTimeAsync(10);
  timer[Symbol.dispose]();
  goOn.resolve();
  await vi.advanceTimersByTimeAsync(100);
  expect(work).toHaveBeenCalledTimes(1);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('a delay of %s is refused', (delayMs) => {
  expect(() => ownedTimers().timers.after(delayMs, () => {})).toThrow('0 or more milliseconds');
});
