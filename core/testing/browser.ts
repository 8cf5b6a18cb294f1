import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { describeWith } from './describe-with.ts';

const program = '/usr/bin/chromium';

/** A page in a headless Chromium, and what happened in it since it was opened. */
export interface BrowserPage {
  /** Addresses that the page has asked for, in order; `data:` and `blob:` are no requests. */
  readonly requested: readonly string[];
  /** Errors on its console, and those that no code of the page caught. */
  readonly errors: readonly string[];
  goTo(url: string): Promise<void>;
  /** The value of a JavaScript expression in the page, as JSON. */
  evaluate(expression: string): Promise<unknown>;
}

/** A suite that needs a browser; skipped without one, which its title says, or fails with `ORCHESTRALL_REQUIRE_SERVERS=1`. */
export function describeInBrowser(title: string, suite: () => void): void {
  const missing = existsSync(program) ? undefined : `Chromium at ${program} (Debian package chromium)`;
  describeWith(title, missing, suite);
}

/** Starts a browser of its own with an empty profile, and ends it when disposed. It resolves no name but localhost. */
export async function openBrowser(): Promise<BrowserPage & AsyncDisposable> {
  const profile = await mkdtemp(join(tmpdir(), 'orchestrall-browser-'));
  const child = spawn(
    program,
    [
      '--headless',
      // Chromium refuses to sandbox what runs as root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
      '--window-size=1400,4000',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      'about:blank',
    ],
    // It makes temporary folders beside its profile's, which it leaves behind when it is ended.
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: profile } },
  );
  const ended = once(child, 'close');
  const dispose = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    // Its helpers end a moment after it and may still write.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    const session = await connect(await debuggerUrl(child.stderr, ended));
    return { ...(await openPage(session)), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function debuggerUrl(output: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines: string[] = [];
  createInterface(output).on('line', (line) => {
    lines.push(line);
    const url = /^DevTools listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  void ended.then(() => reject(new Error(`Chromium ended at its start: ${lines.join('\n')}`)));
  return promise;
}

/** A connection of the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). */
interface Session {
  send(method: string, parameters?: object, sessionId?: string): Promise<Record<string, unknown>>;
  onEvent(listener: (method: string, parameters: Record<string, unknown>) => void): void;
}

async function connect(url: string): Promise<Session> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const listeners: ((method: string, parameters: Record<string, unknown>) => void)[] = [];
  let count = 0;
  socket.on('message', (data: Buffer) => {
    const message = recordOf(JSON.parse(data.toString()));
    const { id, method, params, result, error } = message;
    if (typeof method === 'string') for (const listener of listeners) listener(method, recordOf(params));
    if (typeof id !== 'number') return;
    if (error === undefined) waiting.get(id)?.resolve(recordOf(result));
    else waiting.get(id)?.reject(new Error(JSON.stringify(error)));
    waiting.delete(id);
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser has ended'));
  });
  await once(socket, 'open');
  return {
    async send(method, params = {}, sessionId) {
      count += 1;
      const answer = Promise.withResolvers<Record<string, unknown>>();
      waiting.set(count, answer);
      socket.send(JSON.stringify({ id: count, method, params, sessionId }));
      return answer.promise;
    },
    onEvent: (listener) => void listeners.push(listener),
  };
}

async function openPage(session: Session): Promise<BrowserPage> {
  const { targetId } = await session.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: true });
  const send = async (method: string, parameters?: object): Promise<Record<string, unknown>> =>
    session.send(method, parameters, String(sessionId));
  const requested: string[] = [];
  const errors: string[] = [];
  session.onEvent((method, parameters) => {
    if (method === 'Network.requestWillBeSent' || method === 'Network.webSocketCreated') {
      const url = String(recordOf(parameters['request'])['url'] ?? parameters['url']);
      if (!/^(?:data|blob):/.test(url)) requested.push(url);
    }
    const error = errorOf(method, parameters);
    if (error !== undefined) errors.push(error);
  });
  for (const domain of ['Network', 'Runtime', 'Log', 'Page']) await send(`${domain}.enable`);
  return {
    requested,
    errors,
    async goTo(url) {
      await send('Page.navigate', { url });
    },
    async evaluate(expression) {
      const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (answer['exceptionDetails'] !== undefined) throw new Error(JSON.stringify(answer));
      return recordOf(answer['result'])['value'];
    },
  };
}

function errorOf(method: string, parameters: Record<string, unknown>): string | undefined {
  if (method === 'Runtime.exceptionThrown') return JSON.stringify(parameters['exceptionDetails']);
  if (method === 'Runtime.consoleAPICalled' && parameters['type'] === 'error') {
    return JSON.stringify(parameters['args']);
  }
  const entry = recordOf(parameters['entry']);
  return method === 'Log.entryAdded' && entry['level'] === 'error' ? JSON.stringify(entry) : undefined;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
