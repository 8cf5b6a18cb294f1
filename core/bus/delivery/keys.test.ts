import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampedEvent } from '../test/fixture.ts';
import { Keys } from './keys.ts';
import { Lanes } from './lanes.ts';
import { Window } from './window.ts';
import type { Entry } from './window.ts';

describe('Keys and Window', () => {
  it('hand out every event once, each key in order and by one holder at a time, whatever fails meanwhile', () => {
    const step = fc.record({ lane: fc.nat(3), outcome: fc.constantFrom('done', 'half', 'alone', 'none') });
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { maxLength: 60 }),
        fc.array(step, { maxLength: 60 }),
        (subjects, steps) => {
          const window = new Window(0);
          const keys = new Keys([]);
          subjects.forEach((subject, index) =>
            keys.add(window.add(stampedEvent(index + 1, { subject: `k${subject}` }), `k${subject}`)),
          );
          const lanes: (ReturnType<Keys['takeBatch']> | undefined)[] = [
            undefined,
            undefined,
            undefined,
            undefined,
          ];
          const handled: Entry[] = [];
          const finish = (lane: number, outcome: string): void => {
            const batch = lanes[lane];
            lanes[lane] = undefined;
            if (batch === undefined) return;
            const kept =
              outcome === 'done'
                ? batch.entries.length
                : outcome === 'half'
                  ? Math.ceil(batch.entries.length / 2)
                  : 0;
            for (const entry of batch.entries.slice(0, kept)) {
              handled.push(entry);
              window.settle(entry);
            }
            const left = batch.entries.slice(kept);
            if (outcome === 'alone') for (const entry of left) entry.alone = true;
            keys.putBack(left);
            for (const key of batch.keys) keys.free(key);
          };
          const take = (lane: number): void => {
            const batch = keys.takeBatch(2, 8);
            if (batch === undefined) return;
            const held = lanes.flatMap((other) => other?.keys.map((key) => key.name) ?? []);
            expect(batch.keys.filter((key) => held.includes(key.name))).toEqual([]);
            if (batch.entries.some((entry) => entry.alone)) expect(batch.entries).toHaveLength(1);
            lanes[lane] = batch;
          };
          for (const { lane, outcome } of steps) {
            if (lanes[lane] === undefined) take(lane);
            else finish(lane, outcome);
          }
          for (const lane of lanes.keys()) finish(lane, 'done');
          for (take(0); lanes[0] !== undefined; take(0)) finish(0, 'done');
          expect(handled).toHaveLength(subjects.length);
          expect(window.cursor).toBe(subjects.length);
          expect(window.unsettled).toBe(0);
          for (const subject of new Set(subjects)) {
            const own = handled
              .filter((entry) => entry.key === `k${subject}`)
              .map((entry) => entry.stamped.position);
            expect(own).toEqual(own.toSorted((left, right) => left - right));
          }
        },
      ),
    );
  });

  it('keep the cursor below the first event that is not settled', () => {
    const window = new Window(10);
    window.readTo(12);
    const [first, second] = [window.add(stampedEvent(13), 'a'), window.add(stampedEvent(14), 'b')];
    window.readTo(20);
    expect(window.cursor).toBe(12);
    window.settle(second);
    expect(window.cursor).toBe(12);
    window.settle(first);
    expect(window.cursor).toBe(20);
  });

  it('give the events of a blocked key to be parked, never to be handled', () => {
    const window = new Window(0);
    const keys = new Keys(['a']);
    keys.add(window.add(stampedEvent(1), 'a'));
    expect(keys.takeBatch(4, 8)).toBeUndefined();
    const key = keys.takeToPark();
    expect(key?.entries.map((entry) => entry.stamped.position)).toEqual([1]);
    keys.markDue('a');
    expect(keys.takeDue()).toBeUndefined();
    if (key !== undefined) keys.free(key);
    expect(keys.takeDue()?.name).toBe('a');
  });
});

describe('Lanes', () => {
  it('are given to those that wait, in turn, past those that no longer want one', () => {
    const lanes = new Lanes(1);
    const taken: string[] = [];
    const want = (name: string) => (): void => {
      if (lanes.take(want(name))) taken.push(name);
    };
    want('first')();
    lanes.take(() => undefined);
    want('second')();
    want('third')();
    expect(taken).toEqual(['first']);
    lanes.give();
    expect(taken).toEqual(['first', 'second']);
    lanes.give();
    expect(taken).toEqual(['first', 'second', 'third']);
  });
});
