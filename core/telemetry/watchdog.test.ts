import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Runs a program that uses the watchdog in a process of its own, since it must block; gives its log lines. */
async function run(body: string, stalledAfterMs = 200): Promise<Record<string, unknown>[]> {
  const watchdog = fileURLToPath(new URL('watchdog.ts', import.meta.url));
  const scope = fileURLToPath(new URL('scope.ts', import.meta.url));
  const program = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { startWatchdog } from ${JSON.stringify(watchdog)};
    import { withScope } from ${JSON.stringify(scope)};
    const watchdog = startWatchdog({ stalledAfterMs: ${stalledAfterMs} });
    await sleep(600);
    function spin(ms) { const until = Date.now() + ms; while (Date.now() < until); }
    ${body}
    await sleep(600);
    await watchdog[Symbol.asyncDispose]();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('a loop that stands still is reported with the plugin that blocks it, also after an await, and once it goes on', async () => {
  const lines = await run(`
    await withScope({ plugin: 'greedy', generation: 4, correlationId: 'r1' }, async () => {
      await sleep(20);
      withScope({ plugin: 'other' }, () => {});
      spin(1500);
    });
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
    execFileSync('sleep', ['2.5']);
  `);
  expect(lines[0]?.['message']).toBe('the main loop stands still');
  // Where the pause lands once the call is back is up to the engine, so the plugin is not certain here.
  expect(lines.map((line) => line['message'])).toEqual(
    expect.arrayContaining(['the call that blocked the main loop has returned', 'the main loop goes on']),
  );
  expect(JSON.stringify(lines[0]?.['stack'])).toContain('not in JavaScript');
});

test('a busy loop that yields is left alone', async () => {
  // Longer in all than the limit, and each turn far shorter than it, also on a busy machine.
  const lines = await run('for (let turn = 0; turn < 40; turn += 1) { spin(100); await sleep(1); }', 3_000);
  expect(lines).toEqual([]);
});
