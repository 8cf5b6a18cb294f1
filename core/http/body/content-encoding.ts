import type { IncomingMessage } from 'node:http';
import { coreError } from '../../errors.ts';

/**
 * Throws `CONTENT_ENCODING_UNSUPPORTED` for a request with a body that is said to be compressed, or encoded in another
 * way: it would be read as what it is not (https://www.rfc-editor.org/rfc/rfc9110#section-8.4).
 */
export function refuseEncodedBody({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || /^\s*identity\s*$/i.test(encoding)) return;
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  throw coreError('CONTENT_ENCODING_UNSUPPORTED', { encoding, headers: { 'accept-encoding': 'identity' } });
}
