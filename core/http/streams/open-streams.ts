import type { WebSocket } from '@orchestrall/sdk';
import type { CoreLog } from '../../telemetry/logs.ts';
import type { OpenEventStream } from './event-stream.ts';
import { usualLimits, type StreamLimits } from './limits.ts';
import { TokenEnds, type StreamToken, type TokenHolder } from './token-ends.ts';

/** Close code "service restart" (https://www.iana.org/assignments/websocket). */
const serviceRestart = 1012;
/** Close code "policy violation" (https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1). */
const policyViolation = 1008;
const longestReason = 123;

/** What streams count for `orch_sse_connections_active` and `orch_sse_messages_sent_total`. */
export interface StreamMetrics {
  opened(): void;
  closed(): void;
  messageSent(): void;
}

/** Limits of the streams, by default the usual ones, and who hears of them. */
export interface StreamsOptions extends Partial<StreamLimits> {
  readonly log: CoreLog;
  readonly metrics: StreamMetrics;
  /** Who holds a token now; never rejects. */
  readonly holderOf: (token: string) => Promise<TokenHolder>;
}

/**
 * All open event streams and WebSockets of one child, ended together when its plugin is swapped, and each when the
 * token it was opened with has expired or was revoked, or when its caller's teams have changed.
 */
export class Streams {
  readonly options: StreamsOptions & StreamLimits;
  readonly #events = new Set<OpenEventStream>();
  /** Whether the socket has answered the last ping. */
  readonly #sockets = new Map<WebSocket, boolean>();
  readonly #tokens: TokenEnds;
  #sweep: NodeJS.Timeout | undefined;
  #ended: string | undefined;
  #cut = 0;

  constructor(options: StreamsOptions) {
    this.options = { ...usualLimits, ...options };
    this.#tokens = new TokenEnds(options.holderOf);
  }

  /** Open streams by kind. */
  get open(): { readonly events: number; readonly sockets: number } {
    return { events: this.#events.size, sockets: this.#sockets.size };
  }

  /** Streams that were cut instead of ended: slow readers, and what `cutAll` found open. */
  get cut(): number {
    return this.#cut;
  }

  /**
   * Takes a new event stream in; one that opens after `endAll` is ended at once. With the end of its token it ends
   * with `token_ended`, with a change of its caller's teams with `teams_changed`; one without a token lives on.
   */
  addEvents(stream: OpenEventStream, token: StreamToken | undefined): void {
    this.#events.add(stream);
    if (token !== undefined) this.#tokens.hold(stream, token, (reason) => stream.end(reason));
    this.options.metrics.opened();
    if (this.#ended !== undefined) stream.shutdown(this.#ended);
    this.#startBeating();
  }

  /** Called by the stream when its connection has closed. */
  removeEvents(stream: OpenEventStream): void {
    this.#tokens.release(stream);
    if (!this.#events.delete(stream)) return;
    this.options.metrics.closed();
    this.#stopWhenEmpty();
  }

  /**
   * Takes a WebSocket in until it closes; with the end of its token it is closed with 1008 and `token_ended`, with a
   * change of its caller's teams with 1012 and `teams_changed`, since the same token opens it again.
   */
  addSocket(socket: WebSocket, token: StreamToken | undefined): void {
    this.#sockets.set(socket, true);
    if (token !== undefined) {
      this.#tokens.hold(socket, token, (reason) =>
        socket.close(reason === 'token_ended' ? policyViolation : serviceRestart, reason),
      );
    }
    socket.on('pong', () => this.#sockets.set(socket, true));
    socket.on('close', () => {
      this.#tokens.release(socket);
      this.#sockets.delete(socket);
      this.#stopWhenEmpty();
    });
    this.#startBeating();
    if (this.#ended !== undefined) socket.close(serviceRestart, this.#ended);
  }

  /** Counts a stream that was cut, with the reason in the log. */
  countCut(reason: string): void {
    this.#cut += 1;
    this.options.log.warn({ reason }, 'a stream was cut');
  }

  /** Ends all streams, those that open later too: events with `server_shutdown`, WebSockets with code 1012. */
  endAll(reason: string): void {
    this.#ended = reason.slice(0, longestReason);
    for (const stream of this.#events) stream.shutdown(reason);
    for (const socket of this.#sockets.keys()) socket.close(serviceRestart, this.#ended);
  }

  /** Destroys what is still open after `endAll`; gives their number. */
  cutAll(reason: string): number {
    const count = this.#events.size + this.#sockets.size;
    for (const stream of this.#events) stream.destroy();
    for (const socket of this.#sockets.keys()) socket.terminate();
    for (let cut = 0; cut < count; cut += 1) this.countCut(reason);
    return count;
  }

  #startBeating(): void {
    this.#sweep ??= setInterval(() => this.#beat(), this.options.heartbeatMs).unref();
  }

  #beat(): void {
    void this.#tokens.check();
    for (const stream of this.#events) stream.heartbeat();
    for (const [socket, answered] of this.#sockets) {
      if (answered) {
        this.#sockets.set(socket, false);
        socket.ping();
      } else {
        this.countCut('the peer did not answer a ping');
        socket.terminate();
      }
    }
  }

  #stopWhenEmpty(): void {
    if (this.#events.size + this.#sockets.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
