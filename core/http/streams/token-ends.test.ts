import { expect, test, vi } from 'vitest';
import { TokenEnds } from './token-ends.ts';

const later = (): number => performance.now() + 3_600_000;

test('check() ends every stream of a refused token once, and no other', async () => {
  const refused = new Set<string>();
  const asked: string[] = [];
  const ends = new TokenEnds(async (token) => {
    asked.push(token);
    return !refused.has(token);
  });
  const ended: string[] = [];
  for (const [name, token] of [
    ['one', 'a'],
    ['two', 'a'],
    ['three', 'b'],
  ] as const) {
    ends.hold({ name }, { token, endsAtMs: later() }, () => ended.push(name));
  }
  await ends.check();
  expect([ended, asked]).toEqual([[], ['a', 'b']]);
  refused.add('a');
  await ends.check();
  await ends.check();
  expect(ended).toEqual(['one', 'two']);
});

test('hold() ends a stream when its token expires, unless it was released before', async () => {
  vi.useFakeTimers();
  try {
    const ends = new TokenEnds(async () => true);
    const ended: string[] = [];
    const released = {};
    ends.hold({}, { token: 'a', endsAtMs: performance.now() + 1_000 }, () => ended.push('expired'));
    ends.hold(released, { token: 'b', endsAtMs: performance.now() + 1_000 }, () => ended.push('released'));
    ends.hold({}, { token: 'c', endsAtMs: performance.now() + 2 ** 40 }, () => ended.push('long'));
    ends.release(released);
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['expired']);
  } finally {
    vi.useRealTimers();
  }
});
