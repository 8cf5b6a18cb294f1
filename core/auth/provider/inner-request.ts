import type { IncomingMessage } from 'node:http';
import { IncomingMessage as Message } from '../../node-http.ts';

/** Longest body that any route of the provider reads, bytes. */
const maxBodyBytes = 32 * 1024;

/** Headers that the provider needs; whatever else the outside sent, forwarding headers above all, stays outside. */
const passed = [
  'accept',
  'accept-language',
  'access-control-request-headers',
  'access-control-request-method',
  'authorization',
  'content-type',
  'cookie',
  'origin',
  'sec-fetch-site',
  'user-agent',
];

/** Reads a body; undefined when it is too large. Rejects when the caller goes away. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not destroy the socket on which the refusal is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Buffer)) throw new TypeError('the body is already decoded');
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A request as the provider sees it: under the issuer's host and scheme, below the realm's path, its body at hand. */
export function innerRequest(
  outer: IncomingMessage,
  target: { readonly issuer: URL; readonly url: string; readonly body: string },
): IncomingMessage {
  const { issuer, url, body } = target;
  const inner = new Message(outer.socket);
  inner.method = outer.method ?? 'GET';
  inner.url = url;
  for (const name of passed) {
    const value = outer.headers[name];
    if (value !== undefined) inner.headers[name] = value;
  }
  inner.headers.host = issuer.host;
  inner.headers['x-forwarded-host'] = issuer.host;
  inner.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  if (inner.method !== 'GET' && inner.method !== 'HEAD') {
    inner.headers['content-length'] = String(Buffer.byteLength(body));
    if (body !== '') inner.push(body);
  }
  inner.push(null);
  // Else Node takes its end for a broken connection and closes the socket.
  inner.complete = true;
  // The provider takes the mount path for links from here.
  Object.assign(inner, { originalUrl: `${issuer.pathname}${url}` });
  return inner;
}
