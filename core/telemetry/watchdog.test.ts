import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Runs a program that uses the watchdog in a process of its own, since it must block; gives the lines of the thread.
 * The program has `file`, where these lines go, and waits for them: `spin(text)` blocks the loop until a line holds
 * that text, `written(count)` waits for so many without blocking it.
 */
async function run(body: string, stalledAfterMs = 400): Promise<Record<string, unknown>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'orch-watchdog-'));
  try {
    const file = join(folder, 'lines');
    const program = `
      import { openSync, readFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { startWatchdog } from ${pathOf('watchdog.ts')};
      import { withScope } from ${pathOf('scope.ts')};
      const file = ${JSON.stringify(file)};
      const descriptor = openSync(file, 'a');
      const text = () => readFileSync(file, 'utf8');
      function spin(awaited) { while (!text().includes(awaited)); }
      async function written(count) { while (text().split('\\n').length <= count) await sleep(5); }
      const watchdog = startWatchdog({ stalledAfterMs: ${stalledAfterMs}, descriptor });
      ${body}
      await watchdog[Symbol.asyncDispose]();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function pathOf(name: string): string {
  return JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
}

test('a loop that stands still is reported with the plugin that blocks it, also after an await, and once it goes on', async () => {
  const lines = await run(`
    await withScope({ plugin: 'greedy', generation: 4, correlationId: 'r1' }, async () => {
      await new Promise(setImmediate);
      withScope({ plugin: 'other' }, () => {});
      spin('stands still');
    });
    await written(2);
  `);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    level: 'CRITICAL',
    logger: 'core.watchdog',
    plugin: 'greedy',
    generation: 4,
    correlation_id: 'r1',
    message: 'the main loop stands still',
  });
  expect(JSON.stringify(lines[0]?.['stack'])).toContain('spin ');
  expect(lines[1]).toMatchObject({ level: 'WARNING', message: 'the main loop goes on' });
});

test('a call that blocks outside JavaScript is reported too, and the process goes on after it', async () => {
  const lines = await run(`
    const { execFileSync } = await import('node:child_process');
    execFileSync('sh', ['-c', 'until [ -s "$0" ]; do sleep 0.05; done', file], { timeout: 30_000 });
    await written(3);
  `);
  expect(lines[0]?.['message']).toBe('the main loop stands still');
  // Where the pause lands once the call is back is up to the engine, so the plugin is not certain here.
  expect(lines.map((line) => line['message'])).toEqual(
    expect.arrayContaining(['the call that blocked the main loop has returned', 'the main loop goes on']),
  );
  expect(JSON.stringify(lines[0]?.['stack'])).toContain('not in JavaScript');
});

test('a busy loop that yields is left alone, by a watchdog that is awake', async () => {
  // The time itself is what is tested: longer in all than the limit, and each turn far shorter than it, also on a
  // busy machine.
  const lines = await run(
    `
    function work(ms) { const until = Date.now() + ms; while (Date.now() < until); }
    for (let turn = 0; turn < 40; turn += 1) { work(100); await sleep(1); }
    if (text() !== '') throw new Error(text());
    spin('stands still');
    await written(2);
  `,
    3_000,
  );
  expect(lines).toHaveLength(2);
});

test('a watchdog that cannot write leaves the process alone, with a warning', async () => {
  const lines = await run(`
    const { closeSync } = await import('node:fs');
    const { promise, resolve } = Promise.withResolvers();
    process.once('warning', resolve);
    closeSync(descriptor);
    // Takes the same number, so that nothing else does, and cannot be written to.
    openSync('/dev/null', 'r');
    // The loop stands still longer than the limit, again and again, until the thread has had something to write.
    let warned = false;
    promise.then(() => (warned = true));
    while (!warned) { const until = Date.now() + 1_000; while (Date.now() < until); await sleep(50); }
    const { code } = await promise;
    if (code !== 'EBADF') throw new Error(code);
  `);
  expect(lines).toEqual([]);
});
