import { describe, expect, it } from 'vitest';
import { createStamps } from './event-id.ts';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('createStamps()', () => {
  it('makes UUIDv7 ids that ascend and never repeat, also when the clock is set back', () => {
    let now = 1_800_000_000_000;
    const stamp = createStamps(() => now);
    const ids: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      now += round % 7 === 0 ? -5 : 1;
      for (let index = 0; index < 200; index += 1) ids.push(stamp().id);
    }
    expect(ids.every((id) => uuid7.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    const ascending = ids.toSorted();
    expect(ids).toEqual(ascending);
  });

  it('carries the millisecond in the id and as RFC 3339 text', () => {
    const stamp = createStamps(() => Date.UTC(2026, 10, 21, 1, 2, 3, 4))();
    expect(stamp.time).toBe('2026-11-21T01:02:03.004Z');
    expect(Number.parseInt(stamp.id.replace('-', '').slice(0, 12), 16)).toBe(
      Date.UTC(2026, 10, 21, 1, 2, 3, 4),
    );
  });

  it('gives different ids in two processes that share the clock', () => {
    const left = createStamps(() => 1_000);
    const right = createStamps(() => 1_000);
    const ids = Array.from({ length: 1_000 }, () => [left().id, right().id]).flat();
    expect(new Set(ids).size).toBe(ids.length);
  });
});
