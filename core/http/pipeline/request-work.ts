import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestSpan } from '../../telemetry/tracing.ts';
import type { WorkKind } from '../../telemetry/owner.ts';
import type { CoreLog } from '../../telemetry/logs.ts';
import { coreError } from '../../errors.ts';
import { pathOf } from '../errors/problem.ts';
import type { RouteRecord } from './route-record.ts';

/** Counts the requests and streams of a generation, so that it is closed when none is left. */
export interface ActivityCounter {
  begin(kind: WorkKind): void;
  end(kind: WorkKind): void;
}

/** Where one request is counted and logged. */
export interface RequestWorkOptions {
  readonly activity: ActivityCounter;
  readonly log: CoreLog;
  readonly isUpgrade: (request: IncomingMessage) => boolean;
}

/**
 * One request from its arrival until both its answer has left and its handler has ended, which may be later than the
 * answer. Counts it, ends it at its time limit, and writes its log line.
 */
export class RequestWork {
  readonly #options: RequestWorkOptions;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #route: RouteRecord;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  // Read now: a closed socket has no address any more.
  readonly #address: string;
  #span: RequestSpan | undefined;
  #kind: WorkKind = 'request';
  #endStream: (() => void) | undefined;
  #parts = 1;
  #handling = false;
  #whenEnded: (() => void) | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply, route: RouteRecord, options: RequestWorkOptions) {
    this.#options = options;
    this.#request = request;
    this.#reply = reply;
    this.#route = route;
    this.#address = request.ip;
    options.activity.begin('request');
    // Node keeps one list of timers per duration, so this is cheap. Fastify's own limit ends with a request's body.
    this.#timer = setTimeout(onTimeout, route.timeoutMs, this);
    if (options.isUpgrade(request.raw)) this.#followSocket(request.raw.socket);
    else reply.raw.once('close', () => this.#onClose());
  }

  /** The handler runs now; its promise is part of the work. */
  handle(result: PromiseLike<unknown>): void {
    // Its caller may have left before it began.
    if (this.#parts === 0) this.#options.activity.begin(this.#kind);
    this.#parts += 1;
    this.#handling = true;
    const end = (): void => {
      this.#handling = false;
      this.#endPart();
    };
    result.then(end, () => {
      this.fail();
      end();
    });
  }

  /** Whether the handler's promise is pending. */
  get handling(): boolean {
    return this.#handling;
  }

  /** Calls back when both the answer and the handler have ended; one call back per request. */
  whenEnded(work: () => void): void {
    if (this.#parts === 0) work();
    else this.#whenEnded = work;
  }

  /** The handler has failed: the stream that it began would wait for ever for what nobody sends. */
  fail(): void {
    this.#endStream?.();
  }

  /** Ends the span with the request. */
  follow(span: RequestSpan): void {
    this.#span = span;
  }

  /**
   * The request has become an event stream or a WebSocket: without a time limit, and counted as a stream. `end` ends it
   * when its handler fails.
   */
  becomeStream(end?: () => void): void {
    clearTimeout(this.#timer);
    this.#endStream = end;
    if (this.#kind === 'stream') return;
    this.#kind = 'stream';
    // Its reader has left before its handler began: nothing is counted of it, or only what `handle` will count.
    if (this.#parts === 0) return;
    this.#options.activity.begin('stream');
    this.#options.activity.end('request');
  }

  /** Answers `REQUEST_TIMEOUT`, or `RECEIVE_TIMEOUT` while the body is waited for, or cuts an answer that is. */
  timeOut(): void {
    if (this.#reply.raw.headersSent) this.#reply.raw.destroy();
    else if (!this.#reply.sent) {
      // What of the body is still to come would be taken for the next request.
      this.#reply.header('connection', 'close');
      // What has come and lies unread is waited for by nobody: then the handler is slow, and not its caller.
      const { complete, readableLength } = this.#request.raw;
      const isAwaited = !complete && readableLength === 0;
      const timeoutMs = this.#route.timeoutMs;
      this.#reply.send(
        isAwaited ? coreError('RECEIVE_TIMEOUT') : coreError('REQUEST_TIMEOUT', { timeoutMs }),
      );
    }
  }

  /** The response of an upgrade is none of the server's own: it neither tells its end nor closes its connection. */
  #followSocket(socket: Socket): void {
    socket.once('close', () => this.#onClose());
    // Only a refused upgrade finishes its response.
    this.#reply.raw.once('finish', () => socket.destroySoon());
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    const { statusCode, writableFinished } = this.#reply.raw;
    const durationMs = performance.now() - this.#startedAt;
    // 499 as in nginx: the caller went away before the answer was complete.
    const status = writableFinished || this.#kind === 'stream' ? statusCode : 499;
    this.#route.metricsOf(this.#request.method).observe(status, durationMs / 1000);
    this.#span?.end(status);
    const level = status >= 500 ? 'warn' : 'info';
    this.#options.log[level](
      {
        method: this.#request.method,
        path: pathOf(this.#request.url),
        endpoint: this.#route.endpoint,
        status,
        duration_ms: Math.round(durationMs * 10) / 10,
        remote_address: this.#address,
        // Named here because the end of an answer is outside the scope of its request.
        correlation_id: this.#request.id,
        user_id: this.#request.caller?.id,
      },
      'request answered',
    );
    this.#endPart();
  }

  #endPart(): void {
    this.#parts -= 1;
    if (this.#parts > 0) return;
    this.#options.activity.end(this.#kind);
    this.#whenEnded?.();
  }
}

function onTimeout(work: RequestWork): void {
  work.timeOut();
}
