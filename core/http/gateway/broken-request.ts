import type { AppError } from '@orchestrall/sdk';
import type { Socket } from 'node:net';
import { ServerResponse } from '../../node-http.ts';
import { coreError } from '../../errors.ts';
import { createId } from '@orchestrall/sdk';
import { problemOf, problemType } from '../errors/problem.ts';
import { rawAnswer } from '../pipeline/refusal.ts';
import { responseHeaders } from '../pipeline/response-headers.ts';

/** Answers bytes that are no HTTP request, or one that never completed, with problem details, and closes. */
export function answerBrokenRequest(error: Error, socket: Socket, maxHeaderBytes: number): void {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNRESET' || !socket.writable || belongsToAnother(socket)) {
    socket.destroy();
    return;
  }
  const problem = problemFor(code, error, maxHeaderBytes);
  const id = createId();
  const body = JSON.stringify(problemOf(problem, { url: '', id }));
  const head = {
    ...responseHeaders,
    'content-type': problemType,
    'content-length': String(Buffer.byteLength(body)),
  };
  // Ended in full before it is destroyed, else the reset may overtake the answer.
  socket.end(rawAnswer(problem.status, { ...head, 'x-request-id': id }, body), () => socket.destroy());
}

/** Whether the bytes of an answer would be taken for a part, or the whole, of the answer to an earlier request. */
function belongsToAnother(socket: Socket): boolean {
  const answering: unknown = Reflect.get(socket, '_httpMessage');
  if (!(answering instanceof ServerResponse)) return false;
  return answering.headersSent || answering.req.complete;
}

function problemFor(code: string, error: Error, maxBytes: number): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') return coreError('HEADERS_TOO_LARGE', { maxBytes }, error);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return coreError('RECEIVE_TIMEOUT', {}, error);
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : 'it cannot be parsed';
  return coreError('REQUEST_MALFORMED', { reason: reason.charAt(0).toLowerCase() + reason.slice(1) }, error);
}
