import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStallWatch } from './stall-watch.ts';
import type { StallWatch, Waiting } from './stall-watch.ts';

/** Milliseconds between two looks, as the options below make it. */
const tickMs = 250;
const graceMs = 10_000;

let nowMs: number;
let look: () => void;
let probes: PromiseWithResolvers<boolean>[];
let told: boolean[];
let cuts: string[];
let watch: StallWatch;

beforeEach(() => {
  nowMs = 0;
  probes = [];
  told = [];
  cuts = [];
  watch = createStallWatch({
    graceMs,
    silenceMs: 3_000,
    probe: async () => {
      const answer = Promise.withResolvers<boolean>();
      probes.push(answer);
      return answer.promise;
    },
    onChange: (silent) => told.push(silent),
    now: () => nowMs,
    every: (_intervalMs, work) => {
      look = work;
      return { [Symbol.dispose]: () => undefined };
    },
  });
});
afterEach(() => watch[Symbol.dispose]());

/** Lets time pass as it does in a process that is not held up. */
function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += tickMs) {
    nowMs += tickMs;
    look();
  }
}

function wait(name: string, given: Partial<Waiting> = {}): Waiting {
  const waiting: Waiting = {
    waitingSince: nowMs,
    limitMs: 30_000,
    patient: false,
    ...given,
    cut: () => {
      cuts.push(name);
      watch.delete(waiting);
    },
  };
  watch.add(waiting);
  return waiting;
}

test('a wait is cut once it outlasts its own limit and the grace, on a server that answers others', () => {
  wait('long', { limitMs: 5_000 });
  for (let passed = 0; passed < 5_000 + graceMs; passed += 1_000) {
    pass(1_000);
    watch.heard(nowMs);
    expect(cuts).toEqual([]);
  }
  pass(tickMs);
  expect(cuts).toEqual(['long']);
  expect(told).toEqual([]);
});

test('a server that answers neither a probe nor anybody is silent after silenceMs, and usual waits are cut', () => {
  wait('usual');
  wait('patient', { patient: true });
  pass(1_000);
  expect(probes).toHaveLength(0);
  pass(tickMs);
  expect(probes).toHaveLength(1);
  pass(3_000);
  expect([told, cuts]).toEqual([[], []]);
  pass(tickMs);
  expect([told, cuts]).toEqual([[true], ['usual']]);
  expect(watch.silent).toBe(true);
});

test('a probe that hangs is not joined by another, and a later one that is answered ends the silence', async () => {
  wait('usual');
  pass(20_000);
  expect([watch.silent, probes.length]).toEqual([true, 1]);
  probes[0]?.resolve(false);
  await turn();
  pass(tickMs);
  expect([watch.silent, probes.length]).toEqual([true, 2]);
  probes[1]?.resolve(true);
  await turn();
  expect(watch.silent).toBe(false);
  expect(told).toEqual([true, false]);
});

test('an answer to anybody ends a doubt', () => {
  wait('usual');
  pass(3_000);
  watch.heard(nowMs);
  pass(3_000);
  expect(told).toEqual([]);
});

test('after the process was held up, answers that lie unread are read before anything is judged', () => {
  const waiting = wait('usual');
  // Nothing ran for as long as would end every wait.
  nowMs += 60_000;
  look();
  expect([cuts, told, probes]).toEqual([[], [], []]);
  watch.delete(waiting);
  pass(5_000);
  expect([cuts, told, probes]).toEqual([[], [], []]);
});

test('time in which the process was held up does not count towards the silence of a doubted server', () => {
  wait('usual');
  pass(2_000);
  expect(probes).toHaveLength(1);
  nowMs += 10_000;
  look();
  pass(3_000);
  expect(told).toEqual([]);
  pass(tickMs);
  expect(told).toEqual([true]);
});
