import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createCollector } from '../../bus/test/fixture.ts';

/** A message as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly event: { readonly id: string; readonly type: string; readonly [name: string]: unknown };
}

/** Answers a message; what does not end the response leaves the sender waiting. */
export type Answering = (message: Received, response: ServerResponse, request: IncomingMessage) => void;

/** A real HTTP server on loopback that keeps what it is sent. */
export interface Receiver extends AsyncDisposable {
  readonly port: number;
  readonly host: string;
  readonly url: string;
  readonly received: Received[];
  /** How messages are answered from now on. */
  answer: Answering;
  /** Resolves once so many have come; rejects after a generous time. */
  reach(count: number): Promise<Received[]>;
}

/** Answers 204. */
export const takes: Answering = (_message, response) => void response.writeHead(204).end();

/** Where a receiver listens; `port` to come back where another one was, `tls` to speak HTTPS. */
interface ReceiverOptions {
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts a receiver. */
export async function startReceiver(
  answer: Answering = takes,
  { port = 0, address = '127.0.0.1', tls }: ReceiverOptions = {},
): Promise<Receiver> {
  const collector = createCollector<Received>(60_000);
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = (await buffer(request)).toString();
    const event = JSON.parse(text) as Received['event'];
    const message = { path: request.url ?? '', headers: request.headers, text, event };
    receiver.answer(message, response, request);
    collector.add(message);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    take(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(port, address);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const receiver: Receiver = {
    port: bound,
    host: `127.0.0.1:${bound}`,
    url: `http://127.0.0.1:${bound}/hook`,
    received: collector.items,
    answer,
    reach: (count) => collector.reach(count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** Whether a signature is of this secret and body: written from the description alone, as a receiver would. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const parts = String(headers['x-signature'])
    .split(',')
    .map((part) => part.split('='));
  const time = parts.find(([name]) => name === 't')?.[1];
  const expected = createHmac('sha256', secret).update(`${time}.${text}`).digest('hex');
  const isRecent = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  return isRecent && parts.some(([name, value]) => name === 'v1' && value === expected);
}
