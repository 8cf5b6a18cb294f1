import { expect, test, vi } from 'vitest';
import type { Caller } from '@orchestrall/sdk';
import { TokenEnds } from './token-ends.ts';
import type { TokenHolder } from './token-ends.ts';

const caller: Caller = { id: 'ada', kind: 'user', name: 'ada', roles: [], teams: ['t1'], leads: [] };
const later = (): number => performance.now() + 3_600_000;

test('check() ends every stream of a refused token once, and no other', async () => {
  const refused = new Set<string>();
  const asked: string[] = [];
  const ends = new TokenEnds(async (token) => {
    asked.push(token);
    return refused.has(token) ? 'refused' : caller;
  });
  const ended: string[] = [];
  for (const [name, token] of [
    ['one', 'a'],
    ['two', 'a'],
    ['three', 'b'],
  ] as const) {
    ends.hold({ name }, { token, caller, endsAtMs: later() }, () => ended.push(name));
  }
  await ends.check();
  expect([ended, asked]).toEqual([[], ['a', 'b']]);
  refused.add('a');
  await ends.check();
  await ends.check();
  expect(ended).toEqual(['one', 'two']);
});

test('check() ends a stream whose caller has other teams now, and none of whom that cannot be told', async () => {
  const now = new Map<string, TokenHolder>([
    ['same', { ...caller, teams: ['t1'] }],
    ['joined', { ...caller, teams: ['t1', 't2'] }],
    ['left', { ...caller, teams: [] }],
    ['leads', { ...caller, leads: ['t1'] }],
    ['away', 'unknown'],
    ['refused', 'refused'],
  ]);
  const ends = new TokenEnds(async (token) => now.get(token) ?? 'refused');
  const ended: string[] = [];
  for (const token of now.keys()) {
    ends.hold({}, { token, caller, endsAtMs: later() }, (reason) => ended.push(`${token}: ${reason}`));
  }
  await ends.check();
  expect(ended).toEqual([
    'joined: teams_changed',
    'left: teams_changed',
    'leads: teams_changed',
    'refused: token_ended',
  ]);
});

test('hold() ends a stream when its token expires, unless it was released before', async () => {
  vi.useFakeTimers();
  try {
    const ends = new TokenEnds(async () => caller);
    const ended: string[] = [];
    const released = {};
    ends.hold({}, { token: 'a', caller, endsAtMs: performance.now() + 1_000 }, () => ended.push('expired'));
    ends.hold(released, { token: 'b', caller, endsAtMs: performance.now() + 1_000 }, () =>
      ended.push('released'),
    );
    ends.hold({}, { token: 'c', caller, endsAtMs: performance.now() + 2 ** 40 }, () => ended.push('long'));
    ends.release(released);
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['expired']);
  } finally {
    vi.useRealTimers();
  }
});
