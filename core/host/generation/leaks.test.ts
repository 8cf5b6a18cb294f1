import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { withScope } from '../../telemetry/scope.ts';
import { LeakTracker } from './leaks.ts';

/** Adds and takes off a listener of the process, whose only other holder would be the tracker. */
function listenOnce(called: () => void): WeakRef<object> {
  const listener = (): void => called();
  process.on('SIGUSR2', listener);
  process.off('SIGUSR2', listener);
  return new WeakRef(listener);
}

const stays = (): void => undefined;

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

test('a listener that was taken off is no leak and is not held, one that stays is named', async () => {
  using tracker = new LeakTracker({ recordStacks: false });
  const gone = withScope({ plugin: 'p', generation: 1 }, () => {
    const first = listenOnce(stays);
    process.on('SIGUSR2', stays);
    return first;
  });
  // What a WeakRef gave is held until the turn has ended.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(gone.deref()).toBeUndefined();
  expect(tracker.leaksOf('p', 1)).toContainEqual({ kind: 'listener process:SIGUSR2' });
  process.off('SIGUSR2', stays);
  expect(tracker.leaksOf('p', 1).filter(({ kind }) => kind.startsWith('listener'))).toEqual([]);
});
