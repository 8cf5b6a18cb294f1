import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StampedEvent } from './envelope.ts';
import { Relay } from './relay.ts';
import { createRecordingLog, stampedEvent } from './test/fixture.ts';

function createRelay(answers: (readonly StampedEvent[] | 'busy' | Error)[]) {
  const delivered: number[] = [];
  const log = createRecordingLog();
  let looks = 0;
  const relay = new Relay({
    stamp: async () => {
      looks += 1;
      const answer = answers.shift() ?? [];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    deliver: (events) => delivered.push(...events.map((one) => one.position)),
    log,
    batchSize: 2,
  });
  return { relay, delivered, log, looks: () => looks };
}

describe('Relay', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('goes on at once after a full batch, and polls when nobody pokes', async () => {
    const { relay, delivered, looks } = createRelay([
      [stampedEvent(1), stampedEvent(2)],
      [stampedEvent(3)],
      [stampedEvent(4)],
    ]);
    relay.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(delivered).toEqual([1, 2, 3]);
    await vi.advanceTimersByTimeAsync(250);
    expect(delivered).toEqual([1, 2, 3, 4]);
    expect(looks()).toBe(3);
    await relay[Symbol.asyncDispose]();
  });

  it('looks again soon while another replica is at it', async () => {
    const { relay, delivered } = createRelay(['busy', 'busy', [stampedEvent(1)]]);
    relay.start();
    await vi.advanceTimersByTimeAsync(20);
    expect(delivered).toEqual([1]);
    await relay[Symbol.asyncDispose]();
  });

  it('does not lose a poke that comes during a look', async () => {
    const { relay, looks } = createRelay([]);
    relay.start();
    relay.poke();
    relay.poke();
    await vi.advanceTimersByTimeAsync(1);
    expect(looks()).toBe(2);
    await relay[Symbol.asyncDispose]();
  });

  it('backs off while the database fails, says so once, and recovers', async () => {
    const { relay, delivered, log, looks } = createRelay([
      new Error('down'),
      new Error('down'),
      [stampedEvent(1)],
    ]);
    relay.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(relay.failures).toBe(1);
    for (let index = 0; index < 100; index += 1) relay.poke();
    expect(looks()).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(delivered).toEqual([1]);
    expect(relay.failures).toBe(0);
    expect(log.lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    await relay[Symbol.asyncDispose]();
  });
});
