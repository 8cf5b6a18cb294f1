import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Calls back with whether the connection must close with the answer: a body was announced and has not come in whole,
 * and what is still to come would be taken for the next request, or keep it waiting. At once where nothing is
 * missing, else after what has arrived has been read, so that a small body costs nobody a connection.
 */
export function whenBodyIsKnown(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (close: boolean) => void,
): void {
  if (!lacksBody(request)) {
    answer(false);
    return;
  }
  setImmediate(() => {
    if (!response.headersSent && !response.destroyed) answer(lacksBody(request));
  });
}

function lacksBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
