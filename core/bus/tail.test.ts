import { describe, expect, it } from 'vitest';
import type { StampedEvent } from './envelope.ts';
import { Tail } from './tail.ts';
import { silentLog, stampedEvent } from './test/fixture.ts';

const stretch = (from: number, to: number): StampedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => stampedEvent(from + index));

function createTail(history: StampedEvent[], capacity = 100) {
  const tail = new Tail({
    read: async (after, limit) => history.filter((one) => one.position > after).slice(0, limit),
    log: silentLog,
    capacity,
  });
  const seen: number[] = [];
  tail.onAdvance((events) => seen.push(...events.map((one) => one.position)));
  return { tail, seen };
}

describe('Tail', () => {
  it('passes each position once and in order, whatever is doubled or overlaps', () => {
    const { tail, seen } = createTail([]);
    tail.start(0);
    for (const [from, to] of [
      [1, 3],
      [1, 3],
      [2, 5],
      [6, 6],
      [4, 6],
    ] as const)
      tail.offer(stretch(from, to));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tail.head).toBe(6);
  });

  it('fills a gap from the history', async () => {
    const { tail, seen } = createTail(stretch(1, 9));
    tail.start(0);
    tail.offer(stretch(1, 2));
    tail.offer(stretch(8, 9));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('says that memory no longer holds what was asked for', () => {
    const { tail } = createTail([], 10);
    tail.start(0);
    for (let from = 1; from < 100; from += 10) tail.offer(stretch(from, from + 9));
    expect(tail.readAfter(0, 5)).toBeUndefined();
    expect(tail.readAfter(98, 5)?.map((one) => one.position)).toEqual([99, 100]);
    expect(tail.readAfter(100, 5)).toEqual([]);
  });

  it('begins anew behind a hole that retention made', async () => {
    const { tail, seen } = createTail(stretch(50, 52));
    tail.start(0);
    tail.offer(stretch(1, 2));
    tail.catchUp(52);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([1, 2, 50, 51, 52]);
    expect(tail.readAfter(2, 10)).toBeUndefined();
    expect(tail.readAfter(49, 10)?.map((one) => one.position)).toEqual([50, 51, 52]);
  });
});
