import type { IncomingMessage } from 'node:http';

const header = 'sec-websocket-protocol';
const prefix = 'bearer.';
const tokenForm = /^[\w.~-]+$/;

/**
 * Takes an access token that came as the WebSocket subprotocol `bearer.<token>`, and puts it where every other request
 * has it: browsers let no script set the `Authorization` of a WebSocket. The subprotocol is gone from the request
 * afterwards, so that it is neither echoed nor seen by a handler; the others stay. A browser must offer one of them as
 * well, since it gives up a connection that accepts nothing of its offer. More than one token, or one of the wrong
 * form, is as good as a wrong one. The Kubernetes API server does the same by a name of its own
 * (https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/authentication/request/websocket/protocol.go).
 */
export function takeSocketToken({ headers, rawHeaders }: IncomingMessage): void {
  const offered = (headers[header] ?? '').split(',').map((protocol) => protocol.trim());
  const tokens = offered.filter((protocol) => protocol.startsWith(prefix));
  if (tokens.length === 0) return;
  const rest = offered.filter((protocol) => !protocol.startsWith(prefix) && protocol !== '').join(', ');
  if (rest === '') delete headers[header];
  else headers[header] = rest;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === header) rawHeaders[index + 1] = rest;
  }
  const token = tokens[0]?.slice(prefix.length) ?? '';
  const isClear = tokens.length === 1 && tokenForm.test(token) && headers.authorization === undefined;
  headers.authorization = isClear ? `Bearer ${token}` : 'Bearer';
}
