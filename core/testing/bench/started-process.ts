import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A Node program that has printed its line `... ready at <url>`. */
export interface StartedProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** From spawn to the line. */
  readonly readyMs: number;
}

/** How a program is started. */
export interface StartOptions {
  /** Put over this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Node's own options, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

/** Node's own options with which `npm start` runs the product. */
export const productNodeOptions: readonly string[] = readNodeOptions();

const readyLine = /ready at (http:\S+)$/;

/**
 * Starts a program with this process's Node; disposing ends it with SIGTERM and waits for its end.
 * Rejects with its exit code and last output when it ends before it is ready.
 */
export async function startProcess(
  program: string,
  parameters: readonly string[],
  { environment = {}, nodeOptions = [] }: StartOptions = {},
): Promise<StartedProcess> {
  const begunAt = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, program, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = once(child, 'exit');
  const said: string[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  // The lines are read to the end, so that the program never waits for its output to be taken.
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const url = readyLine.exec(line)?.[1];
    if (url !== undefined) resolve(url);
    else if (said.push(line) > 20) said.shift();
  });
  ended.then(
    ([code]) => reject(new Error(`${program} ended with ${String(code)}:\n${said.join('\n')}`)),
    reject,
  );
  const url = await ready;
  const readyMs = performance.now() - begunAt;
  return {
    url,
    pid: child.pid ?? 0,
    readyMs,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readNodeOptions(): readonly string[] {
  const { scripts }: { scripts: { start: string } } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}
