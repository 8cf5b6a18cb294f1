import type { IncomingMessage } from 'node:http';

const slash = 47;

/** `uri-host [":" port]`, which may be empty (https://www.rfc-editor.org/rfc/rfc9110#section-7.2). */
const hostForm = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\w.~!$&'()*+,;=:%-]+\])(?::\d{0,5})?$/;
const absoluteForm = /^https?:\/\/([^/?#]+)/i;

/**
 * Makes `url` of a request a path, and `headers.host` the host it asks for, of whatever form the target is. Gives what
 * is wrong with the two, as the end of a sentence, or undefined: a missing, doubled or malformed `Host`, a doubled
 * `Authorization` or `Content-Type`, a transfer coding besides `chunked`, and a target that is neither a path nor an
 * absolute URL (https://www.rfc-editor.org/rfc/rfc9112#section-3.2). Two readers of a doubled header would each believe
 * another one.
 */
export function settleHead(request: IncomingMessage): string | undefined {
  const { rawHeaders, url = '' } = request;
  // Read from the raw list: `headers` is built at the first look at it, which most routes never take.
  let host: string | undefined;
  let hosts = 0;
  let authorizations = 0;
  let contentTypes = 0;
  let coding: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') {
      host = rawHeaders[index + 1];
      hosts += 1;
    }
    if (name?.length === 13 && name.toLowerCase() === 'authorization') authorizations += 1;
    if (name?.length === 12 && name.toLowerCase() === 'content-type') contentTypes += 1;
    if (name?.length === 17 && name.toLowerCase() === 'transfer-encoding') coding = rawHeaders[index + 1];
  }
  if (hosts > 1) return 'it has more than one Host header';
  if (authorizations > 1) return 'it has more than one Authorization header';
  if (contentTypes > 1) return 'it has more than one Content-Type header';
  if (coding !== undefined && !isFramedByChunks(request, coding)) {
    return 'its Transfer-Encoding is not chunked alone, or its version has none';
  }
  if (hosts === 0 && request.httpVersion === '1.1') return 'the Host header is missing';
  if (host !== undefined && !hostForm.test(host)) return 'the Host header names no host';
  if (url.charCodeAt(0) === slash || isForServer(request)) return undefined;
  const [origin, authority] = absoluteForm.exec(url) ?? [];
  if (origin === undefined || authority === undefined || !hostForm.test(authority)) {
    return 'the request target is neither a path nor an http URL of a host';
  }
  const path = url.slice(origin.length);
  request.url = path.startsWith('/') ? path : `/${path}`;
  // What a proxy left in the header counts for nothing beside the target.
  request.headers.host = authority;
  return undefined;
}

/**
 * Whether chunks alone say where the body ends: one that is compressed besides would be read as what it is not, and
 * before HTTP/1.1 the header means nothing (https://www.rfc-editor.org/rfc/rfc9112#section-6.1).
 */
function isFramedByChunks({ httpVersion }: IncomingMessage, coding: string): boolean {
  return httpVersion === '1.1' && coding.trim().toLowerCase() === 'chunked';
}

/** Whether a request is `OPTIONS *`: about the server as a whole. */
export function isForServer({ method, url }: IncomingMessage): boolean {
  return url === '*' && method === 'OPTIONS';
}
