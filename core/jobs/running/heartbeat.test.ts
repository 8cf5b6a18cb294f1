import { defineJob } from '@orchestrall/sdk';
import Type from 'typebox';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { owner, silent } from '../test/support.ts';
import { createHeartbeat } from './heartbeat.ts';
import { laneSettings } from './lane.ts';
import type { Lane } from './lane.ts';
import { createRun } from './run.ts';
import type { Cut, Run } from './run.ts';

const notAsked = (): never => {
  throw new Error('the database is not asked');
};
const database = { core: notAsked, forPlugin: notAsked, listen: notAsked };
const leaseMs = 15_000;

/** A run that was claimed at 0, of a handler that never ends. */
function endlessRun(): Run {
  const lane: Lane = {
    owner: owner(),
    definition: defineJob('greet', Type.Object({})),
    handler: async () => new Promise(() => {}),
    settings: laneSettings('greet', { leaseMs }),
    runs: new Set(),
  };
  const claimed = { id: 'one', fence: 1, plugin: 'crm', name: 'greet', payload: {}, scope: {}, attempt: 1 };
  const fresh = { failures: 0, losses: 0, saved: null, cancel_requested: false };
  return createRun({ database }, lane, { ...claimed, ...fresh }, 0);
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test.each([
  [undefined, 'lease_lost'],
  ['stopped', 'stopped'],
  ['cancelled', 'cancelled'],
] satisfies [Cut | undefined, Cut][])(
  'a run cut as %s whose lease runs out is cut as %s, and looked at no more',
  (before, after) => {
    const clock = { nowMs: 0, now: () => new Date(0), monotonicMs: () => clock.nowMs };
    const run = endlessRun();
    using heartbeat = createHeartbeat({ database, clock, log: silent }, new Set([run]));
    heartbeat.planned();
    expect(vi.getTimerCount()).toBe(1);
    if (before !== undefined) run.stop(before);
    // As after a process that stood still: the next look comes when the lease is over.
    clock.nowMs = leaseMs;
    vi.advanceTimersByTime(leaseMs);
    expect(run.cut).toBe(after);
    expect(vi.getTimerCount()).toBe(0);
  },
);
