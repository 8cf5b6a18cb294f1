import { validationFailed } from '@orchestrall/sdk';
import type { IncomingMessage } from 'node:http';

const name = 'idempotency-key';
/** One quoted string of a structured field (https://www.rfc-editor.org/rfc/rfc9651#section-3.3.3). */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/**
 * The key of a request, 1 to 255 printable ASCII characters, as it stands or as a quoted string, which mean the same key
 * (draft-ietf-httpapi-idempotency-key-header). Undefined without the header. Throws `VALIDATION_FAILED` naming it.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  if (request.headers[name] === undefined) return undefined;
  const [value = '', ...others] = request.headersDistinct[name] ?? [];
  if (others.length > 0) throw faulty('must be sent once; send one key for each request');
  const inQuotes = quoted.exec(value)?.[1];
  const key = inQuotes?.replaceAll(/\\(["\\])/g, '$1') ?? value;
  if (inQuotes === undefined && key.startsWith('"')) {
    throw faulty('must end with the quote that it begins with, and hold quotes as \\" only');
  }
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw faulty('must be 1 to 255 printable ASCII characters; a random UUID is best');
  }
  return key;
}

function faulty(message: string): Error {
  return validationFailed([{ path: `/headers/${name}`, message }]);
}
