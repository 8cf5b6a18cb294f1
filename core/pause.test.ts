import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pause } from './pause.ts';

/** Longer than any test may take. */
const endlessMs = 2 ** 30;

test('pause() waits its time', async () => {
  const beganAt = performance.now();
  await pause(20, { signal: new AbortController().signal });
  // A timer of Node counts whole milliseconds.
  expect(performance.now() - beganAt).toBeGreaterThan(18);
});

test('pause() ends without an error when its signal aborts meanwhile', async () => {
  const ending = new AbortController();
  const paused = pause(endlessMs, { signal: ending.signal });
  ending.abort(new Error('enough'));
  expect(await paused).toBeUndefined();
});

test('pause() ends at once, without an error, when its signal has aborted before', async () => {
  expect(await pause(endlessMs, { signal: AbortSignal.abort() })).toBeUndefined();
});

test('pause() lets the process end meanwhile where it is not to be kept', { timeout: 60_000 }, async () => {
  const module = JSON.stringify(fileURLToPath(new URL('pause.ts', import.meta.url)));
  const program = `
    import { pause } from ${module};
    void pause(${endlessMs}, { signal: new AbortController().signal, ref: false });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 50_000,
  });
  expect(await once(child, 'close')).toEqual([0, null]);
});
