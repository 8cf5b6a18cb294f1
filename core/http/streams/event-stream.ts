import type { EventStream } from '@orchestrall/sdk';
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import { keepScope } from '../../telemetry/scope.ts';
import type { Streams } from './open-streams.ts';
import type { StreamToken } from './token-ends.ts';

const lingerMs = 5_000;

/**
 * A server-sent event stream on a raw response. A message is an `id:`, an `event:` and one `data:` line of JSON.
 * What the reader does not take is buffered up to a bound and a time; then the stream is cut with the event `cut`.
 */
export class OpenEventStream implements EventStream {
  readonly #response: ServerResponse;
  readonly #streams: Streams;
  readonly #abort = new AbortController();
  /** Of the route that opened it, whose code listens to the signal. */
  readonly #inScope = keepScope();
  #waiting: PromiseWithResolvers<void> | undefined;
  #blockedSince: number | undefined;
  #sentSinceBeat = false;
  #ended = false;

  /** `token` is the one it was opened with: it ends with it. */
  constructor(response: ServerResponse, streams: Streams, token: StreamToken | undefined) {
    this.#response = response;
    this.#streams = streams;
    response.on('drain', () => this.#onDrain());
    response.on('close', () => this.#onClose());
    response.on('error', () => response.destroy());
    streams.addEvents(this, token);
    // Its reader has left before, and nothing would tell of it any more.
    if (response.closed) this.#onClose();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  send(message: { readonly id?: string; readonly event?: string; readonly data: unknown }): boolean {
    if (this.#ended) return false;
    this.#sentSinceBeat = true;
    this.#streams.options.metrics.messageSent();
    return this.#write(frame(message));
  }

  mark(id: string): void {
    if (!this.#ended) this.#write(`id: ${line('id', id)}\n\n`);
  }

  async drained(): Promise<void> {
    if (this.#blockedSince === undefined || this.#ended) return;
    this.#waiting ??= Promise.withResolvers<void>();
    await this.#waiting.promise;
  }

  end(reason?: string): void {
    this.#finish(reason === undefined ? '' : frame({ event: 'end', data: { reason } }));
  }

  /** Ends the stream because its server goes away; the reader is to connect again. */
  shutdown(reason: string): void {
    this.#finish(`retry: 500\n${frame({ event: 'server_shutdown', data: { reason } })}`);
  }

  /** Keeps a quiet connection open and cuts one whose reader takes nothing. */
  heartbeat(): void {
    if (this.#ended) return;
    const { slowReaderMs } = this.#streams.options;
    if (this.#blockedSince !== undefined && performance.now() - this.#blockedSince >= slowReaderMs) {
      this.#cut(`the reader took nothing for ${slowReaderMs} ms`);
    } else if (!this.#sentSinceBeat) this.#write(': heartbeat\n\n');
    this.#sentSinceBeat = false;
  }

  /** Closes the connection without a last event. */
  destroy(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  #write(text: string): boolean {
    const flowing = this.#response.write(text);
    if (!flowing) this.#blockedSince ??= performance.now();
    const { maxBufferedBytes } = this.#streams.options;
    if (this.#response.writableLength > maxBufferedBytes) {
      this.#cut(`more than ${maxBufferedBytes} bytes wait for the reader`);
      return false;
    }
    return flowing;
  }

  #cut(reason: string): void {
    this.#streams.countCut(reason);
    this.#finish(frame({ event: 'cut', data: { reason } }));
  }

  #finish(last: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end(last);
    // A reader that takes nothing would keep the connection, and with it its generation, open.
    setTimeout(() => this.#response.destroy(), lingerMs).unref();
    this.#release();
  }

  #onDrain(): void {
    this.#blockedSince = undefined;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #onClose(): void {
    this.#ended = true;
    this.#streams.removeEvents(this);
    this.#release();
  }

  #release(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
    this.#inScope(() => this.#abort.abort());
  }
}

/** Turns a reply into an event stream that ends with the caller's token; a HEAD request gets the headers only. */
export function openEventStream(
  reply: FastifyReply,
  streams: Streams,
  token: StreamToken | undefined,
): OpenEventStream {
  reply.hijack();
  const response = reply.raw;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // Asks nginx not to collect the stream (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering).
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const stream = new OpenEventStream(response, streams, token);
  if (reply.request.method === 'HEAD') stream.end();
  return stream;
}

function frame(message: { readonly id?: string; readonly event?: string; readonly data: unknown }): string {
  const id = message.id === undefined ? '' : `id: ${line('id', message.id)}\n`;
  const event = message.event === undefined ? '' : `event: ${line('event', message.event)}\n`;
  return `${id}${event}data: ${JSON.stringify(message.data) ?? 'null'}\n\n`;
}

function line(field: string, text: string): string {
  if (/[\r\n\0]/.test(text))
    throw new TypeError(`the ${field} of an event stream's message must be one line`);
  return text;
}
