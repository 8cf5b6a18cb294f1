import { expect, test } from 'vitest';
import { Activity } from './activity.ts';

test('idle() resolves true when the last of several kinds of work has ended, and at once when there is none', async () => {
  const activity = new Activity();
  expect(await activity.idle(60_000)).toBe(true);
  activity.begin('request');
  activity.begin('job');
  expect(activity.inFlight).toEqual({ request: 1, job: 1 });
  let settled = false;
  const idle = activity.idle(60_000).then((reached) => {
    settled = true;
    return reached;
  });
  activity.end('request');
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  activity.end('job');
  expect(await idle).toBe(true);
  expect(activity.inFlight).toEqual({});
});

test('idle() resolves false at its deadline, and a later wait still sees the end', async () => {
  const activity = new Activity();
  activity.begin('stream');
  expect(await activity.idle(1)).toBe(false);
  expect(activity.inFlight).toEqual({ stream: 1 });
  const idle = activity.idle(60_000);
  activity.end('stream');
  expect(await idle).toBe(true);
});
