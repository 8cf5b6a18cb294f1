import type { WebSocket } from '@orchestrall/sdk';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { CoreLog } from '../../telemetry/logs.ts';
import type { Streams } from './open-streams.ts';

/** Close code "internal error" (https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1). */
const internalError = 1011;

/**
 * Runs a socket's listeners in the scope of the request that opened it, and closes it with 1011 when one throws:
 * its events come from the network, outside any scope, and an error in a listener would end the process.
 */
export function guardSocket(socket: WebSocket, log: CoreLog): void {
  const inScope = AsyncLocalStorage.snapshot();
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean =>
    inScope(() => {
      try {
        return emit(event, ...values);
      } catch (error) {
        log.error({ error, event: String(event) }, 'a WebSocket listener threw');
        socket.close(internalError, 'internal error');
        return true;
      }
    });
}

/** Wraps a route's socket handler, so that each of its sockets is guarded and belongs to the streams of its child. */
export function guardSocketRoute(
  route: RouteOptions,
  { log, streams }: { readonly log: CoreLog; readonly streams: Streams },
): void {
  const name = route.websocket === true ? 'handler' : 'wsHandler';
  const handler = functionOf(route[name], route.url);
  function open(this: FastifyInstance, socket: WebSocket, request: FastifyRequest): unknown {
    guardSocket(socket, log);
    streams.addSocket(socket, request.identity);
    request.work?.becomeStream();
    return Reflect.apply(handler, this, [socket, request]);
  }
  // With `websocket: true` the handler takes a socket, which its type does not say.
  Object.assign(route, { [name]: open });
}

function functionOf(value: unknown, url: string): Function {
  if (typeof value === 'function') return value;
  throw new TypeError(`the WebSocket route ${url} has no handler`);
}
