import type { AppError } from '@orchestrall/sdk';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from '../../node-http.ts';
import { problemHeaders, problemOf, problemType } from '../errors/problem.ts';
import { requestIdOf } from './request-id.ts';
import { responseHeaders } from './response-headers.ts';
import { whenBodyIsKnown } from '../body/unread-body.ts';

/** Why a request gets no handler. The core's child answers it, so that it is limited, counted and logged as all are. */
export interface Refused {
  readonly error: AppError;
  /** What metrics and log call the route, from a bounded set, such as `/api/v1/crm/*`. */
  readonly endpoint: string;
  /** Whether it is answered without asking who is calling and how often. */
  readonly immediate: boolean;
}

/** Answers a request that no Fastify instance has seen with problem details. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: AppError): void {
  const { head, body } = answer(request, error);
  whenBodyIsKnown(request, response, (close) => {
    response.writeHead(error.status, close ? { ...head, connection: 'close' } : head);
    response.end(request.method === 'HEAD' ? undefined : body);
  });
}

/** Answers a refused upgrade with problem details and closes its socket. */
export function refuseUpgrade(request: IncomingMessage, socket: Duplex, error: AppError): void {
  const { head, body } = answer(request, error);
  socket.on('error', () => socket.destroy());
  // Nothing else reads it: what its peer still sends, or a side that it never closes, would keep the connection for ever.
  socket.resume();
  socket.end(rawAnswer(error.status, head, body), () => socket.destroy());
}

/** An HTTP/1.1 answer as text, for sockets that have no response object. */
export function rawAnswer(status: number, head: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries({ ...head, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`;
}

function answer(request: IncomingMessage, error: AppError): { head: Record<string, string>; body: string } {
  const id = requestIdOf(request);
  const body = JSON.stringify(problemOf(error, { url: request.url ?? '', id }));
  return {
    head: {
      ...responseHeaders,
      ...problemHeaders(error),
      'content-type': problemType,
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': id,
    },
    body,
  };
}
