import { expect, test } from 'vitest';
import { effectsOf } from './provider.ts';

/** Timers that are turned by hand. */
function fakeContext(signal: AbortSignal) {
  const due: { readonly delayMs: number; readonly work: () => void | Promise<void> }[] = [];
  const after = (delayMs: number, work: () => void | Promise<void>): Disposable => {
    const timer = { delayMs, work };
    due.push(timer);
    return { [Symbol.dispose]: () => void due.splice(due.indexOf(timer), 1) };
  };
  const clock = { now: () => new Date(0), monotonicMs: () => 0 };
  const timers = { after, every: () => ({ [Symbol.dispose]: () => undefined }) };
  return { due, effects: effectsOf({ fetch, clock, timers, signal }) };
}

test('a pause is a timer of the generation, and ends when it is over', async () => {
  const { signal } = new AbortController();
  const { due, effects } = fakeContext(signal);
  const pause = effects.wait(500, signal);
  expect(due).toMatchObject([{ delayMs: 500 }]);
  await due[0]?.work();
  await expect(pause).resolves.toBeUndefined();
});

test('a pause that is broken off takes its timer away and says why', async () => {
  const stop = new AbortController();
  const { due, effects } = fakeContext(stop.signal);
  const pause = effects.wait(500, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(pause).rejects.toThrow('stopped');
  expect(due).toEqual([]);
  await expect(effects.wait(500, stop.signal)).rejects.toThrow('stopped');
});
