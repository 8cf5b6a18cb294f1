import { createHash } from 'node:crypto';

const length = 3;

/**
 * The characters that begin every lexeme of a field in a record's `search` column, so that a question can leave out
 * the fields that its caller does not see: the first of the SHA-256 of its name in base64url, which stay the same
 * whatever fields come and go beside it.
 */
export function fieldCode(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, length);
}
