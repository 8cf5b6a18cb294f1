import type { AppError } from '@orchestrall/sdk';
import type { Socket } from 'node:net';
import { ServerResponse } from '../../node-http.ts';
import { coreError } from '../../errors.ts';
import { createId } from '@orchestrall/sdk';
import { problemOf, problemType } from '../errors/problem.ts';
import { rawAnswer } from '../pipeline/refusal.ts';
import { responseHeaders } from '../pipeline/response-headers.ts';

/** Sockets whose end is decided: the parser fails again at each chunk that still comes. */
const broken = new WeakSet<Socket>();

/**
 * Answers bytes that are no HTTP request, or one that never completed, with problem details, after the answers to the
 * whole requests before it, and closes. Answers go out in the order of their requests
 * (https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2).
 */
export function answerBrokenRequest(error: Error, socket: Socket, maxHeaderBytes: number): void {
  if (broken.has(socket)) return;
  broken.add(socket);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  afterOwedAnswers(socket, () => end(socket, problemFor(code, error, maxHeaderBytes)));
}

/** Waits for the answers to earlier requests; lets go of a socket on which more bytes would belong to one of them. */
function afterOwedAnswers(socket: Socket, then: () => void): void {
  const answering: unknown = Reflect.get(socket, '_httpMessage');
  if (!socket.writable) socket.destroy();
  else if (!(answering instanceof ServerResponse)) then();
  else if (answering.req.complete) answering.once('close', () => afterOwedAnswers(socket, then));
  // It is the broken one's own, and half of it has left.
  else if (answering.headersSent) socket.destroy();
  else then();
}

function end(socket: Socket, problem: AppError): void {
  const id = createId();
  const body = JSON.stringify(problemOf(problem, { url: '', id }));
  const head = {
    ...responseHeaders,
    'content-type': problemType,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': id,
  };
  // Ended in full before it is destroyed, else the reset may overtake the answer.
  socket.end(rawAnswer(problem.status, head, body), () => socket.destroy());
}

function problemFor(code: string, error: Error, maxBytes: number): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') return coreError('HEADERS_TOO_LARGE', { maxBytes }, error);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return coreError('RECEIVE_TIMEOUT', {}, error);
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : 'it cannot be parsed';
  return coreError('REQUEST_MALFORMED', { reason: reason.charAt(0).toLowerCase() + reason.slice(1) }, error);
}
