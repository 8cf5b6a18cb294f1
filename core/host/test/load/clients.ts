import { Agent, request } from 'node:http';
import { pause } from '../../../pause.ts';
import type { Tally } from './tally.ts';

/** What a client asks for, over and over. */
export interface Asking {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Parts of the body, sent as they come. */
  readonly body?: () => AsyncIterable<string | Buffer>;
}

export interface ClientOptions {
  readonly tally: Tally;
  /** Name in the list of what was unexpected. */
  readonly kind: string;
  readonly asking: () => Asking;
  /** Time from the beginning of one request to that of the next; a longer request delays it. */
  readonly everyMs: number;
  /** Ends the client after the request that is under way. */
  readonly signal: AbortSignal;
}

const answerLimitMs = 60_000;

/** Sends requests over one kept-alive connection until told to end; every answer is in the tally. */
export async function runClient(options: ClientOptions): Promise<void> {
  const { tally, kind, asking, everyMs, signal } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!signal.aborted) {
    const nextAt = performance.now() + everyMs;
    const outcome = tally.begin(kind);
    try {
      const { status, body } = await send(agent, asking());
      outcome.answered(status, body);
    } catch (error) {
      outcome.broke(error);
    }
    const waitMs = nextAt - performance.now();
    if (waitMs > 0) await pause(waitMs, { signal });
  }
  agent.destroy();
}

/** One request with its whole answer; rejects when the connection breaks or nothing comes for a minute. */
export async function send(
  agent: Agent,
  { url, method = 'GET', headers = {}, body }: Asking,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const sent = request(url, { agent, method, headers }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('error', reject);
    answer.on('end', () =>
      resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  sent.on('error', reject);
  sent.setTimeout(answerLimitMs, () => sent.destroy(new Error(`no answer within ${answerLimitMs} ms`)));
  if (body !== undefined) {
    for await (const part of body()) {
      // A server may answer, and close, before it has read everything.
      if (sent.destroyed || sent.writableEnded) break;
      sent.write(part);
    }
  }
  sent.end();
  return promise;
}
