import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Tally } from './tally.ts';

export interface ReaderOptions {
  readonly tally: Tally;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const againMs = 20;

/**
 * Reads an event stream and opens it again with `Last-Event-ID` whenever it ends; ids must follow one another
 * without a gap, and each end must be announced by `server_shutdown`.
 */
export async function readEvents(options: ReaderOptions): Promise<void> {
  const { tally, signal } = options;
  let lastId: number | undefined;
  while (!signal.aborted) {
    const outcome = tally.begin('event stream');
    try {
      const answer = await open(options, lastId);
      if (answer.statusCode === 200) {
        const { id, reason } = await follow(answer, lastId, tally);
        lastId = id;
        if (!signal.aborted && reason !== 'server_shutdown') {
          outcome.broke(new Error(`the stream ended with ${reason ?? 'nothing'}`));
        } else outcome.answered(200, '');
        tally.resumed += 1;
      } else outcome.answered(answer.statusCode ?? 0, (await answer.toArray()).join(''));
    } catch (error) {
      if (!signal.aborted) outcome.broke(error);
    }
    await pause(againMs);
  }
}

async function open(
  { url, headers, signal }: ReaderOptions,
  lastId: number | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const resumed = lastId === undefined ? {} : { 'last-event-id': String(lastId) };
  request(url, { headers: { ...headers, ...resumed }, signal, agent: false })
    .on('response', resolve)
    .on('error', reject)
    .end();
  return promise;
}

async function follow(
  answer: IncomingMessage,
  lastId: number | undefined,
  tally: Tally,
): Promise<{ readonly id: number | undefined; readonly reason: string | undefined }> {
  let id = lastId;
  let reason: string | undefined;
  try {
    for await (const line of createInterface({ input: answer })) {
      const [field = '', value = ''] = line.split(': ', 2);
      if (field === 'event') reason = value;
      if (field !== 'id') continue;
      const next = Number(value);
      if (id !== undefined && next !== id + 1) tally.misplaced.push(`event ${next} came after ${id}`);
      id = next;
    }
  } catch {
    // The reader itself has left; the caller sees it by its signal.
  }
  return { id, reason };
}

/**
 * Keeps a WebSocket open that echoes; opens it again whenever it closes, which it must do with code 1012. Messages are
 * numbered through all connections: each must come back, once and before the next is sent; one that the close leaves
 * unanswered is sent again.
 */
export async function echoMessages(options: ReaderOptions): Promise<void> {
  const { tally, signal } = options;
  const numbers = { unanswered: 1 };
  while (!signal.aborted) {
    const outcome = tally.begin('WebSocket');
    try {
      const closed = await converse(options, numbers);
      if (closed.status !== 101) outcome.answered(closed.status, closed.text);
      else if (signal.aborted || closed.code === 1012) {
        outcome.answered(200, '');
        tally.resumed += 1;
      } else outcome.broke(new Error(`closed with ${closed.code} ${closed.text}`));
    } catch (error) {
      if (!signal.aborted) outcome.broke(error);
    }
    await pause(againMs);
  }
}

interface Closed {
  /** Of the upgrade. */
  readonly status: number;
  readonly code?: number;
  readonly text: string;
}

async function converse(
  { url, headers, signal, tally }: ReaderOptions,
  numbers: { unanswered: number },
): Promise<Closed> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: { ...headers } });
  const { promise, resolve, reject } = Promise.withResolvers<Closed>();
  const send = (): void => socket.send(String(numbers.unanswered));
  const leave = (): void => socket.close(1000);
  signal.addEventListener('abort', leave, { once: true });
  socket.on('open', send);
  socket.on('message', (data: Buffer) => {
    if (String(data) !== String(numbers.unanswered)) {
      tally.misplaced.push(`echo of ${numbers.unanswered} was ${String(data)}`);
      return;
    }
    numbers.unanswered += 1;
    setTimeout(() => socket.readyState === WebSocket.OPEN && send(), 10);
  });
  socket.on('unexpected-response', (_request, answer) => {
    const status = answer.statusCode ?? 0;
    answer.toArray().then((parts) => resolve({ status, text: parts.join('') }), reject);
  });
  socket.on('close', (code, text) => resolve({ status: 101, code, text: String(text) }));
  socket.on('error', reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', leave);
    socket.terminate();
  }
}
