import { describe, expect, it } from 'vitest';
import { createRevocations } from './revocations.ts';

/** A list over what the test says is revoked, by a clock that it turns. */
function setUp(): {
  revoked: string[];
  reads: () => number;
  fail: (failing: boolean) => void;
  turn: (ms: number) => void;
  revocations: ReturnType<typeof createRevocations>;
} {
  const revoked: string[] = [];
  let count = 0;
  let failing = false;
  let nowMs = 0;
  const read = (): Promise<readonly string[]> => {
    count += 1;
    return failing ? Promise.reject(new Error('no connection')) : Promise.resolve([...revoked]);
  };
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  return {
    revoked,
    reads: () => count,
    fail: (value) => void (failing = value),
    turn: (ms) => void (nowMs += ms),
    revocations: createRevocations({ read, clock }),
  };
}

describe('createRevocations()', () => {
  it('reads anew, before it answers, what is older than 900 ms', async () => {
    const { revoked, revocations, turn, reads } = setUp();
    await revocations.load();
    revoked.push('one');
    turn(900);
    expect(revocations.ensureFresh()).toBeUndefined();
    turn(1);
    await Promise.all([revocations.ensureFresh(), revocations.ensureFresh()]);
    expect(revocations.has('one')).toBe(true);
    expect(reads()).toBe(2);
  });

  it('refuses to answer when it cannot read', async () => {
    const { revocations, turn, fail } = setUp();
    await revocations.load();
    turn(1000);
    fail(true);
    await expect(revocations.ensureFresh()).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    fail(false);
    await revocations.ensureFresh();
  });

  it('refuses to answer when a read takes too long, and answers again once it is through', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    const clock = { now: () => new Date(0), monotonicMs: () => 0 };
    const revocations = createRevocations({ read: () => promise, clock, waitLimitMs: 10 });
    await expect(revocations.ensureFresh()).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      details: { retryAfterSeconds: 2 },
    });
    resolve(['late']);
    await revocations.ensureFresh();
    expect(revocations.has('late')).toBe(true);
  });

  it('keeps what was revoked here while a read was under way', async () => {
    const { revocations } = setUp();
    const reading = revocations.load();
    revocations.add(['mine']);
    await reading;
    expect(revocations.has('mine')).toBe(true);
  });
});

it('ensureFresh() does not take a read for fresh that began too long ago', async () => {
  let nowMs = 0;
  const reads: (() => void)[] = [];
  const revocations = createRevocations({
    read: () =>
      new Promise((resolve) => {
        reads.push(() => resolve(reads.length === 1 ? [] : ['late']));
      }),
    clock: { now: () => new Date(nowMs), monotonicMs: () => nowMs },
  });
  const slow = revocations.load();
  nowMs = 5000;
  const fresh = revocations.ensureFresh();
  reads[0]?.();
  await slow;
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.();
  await fresh;
  expect(revocations.has('late')).toBe(true);
});
