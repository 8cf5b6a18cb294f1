import { secretMask } from '@orchestrall/sdk';

const secretKey =
  /(?:^|_)(?:password|passwd|passphrase|secret|token|jwt|authorization|cookie|credentials?|api_?key|private_key)$/;
const secretKeys = new Map<string, boolean>();
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;

/** The text without bearer tokens, JSON Web Tokens and passwords in URLs. */
export function maskText(text: string): string {
  let masked = text;
  if (text.includes('eyJ')) masked = masked.replace(jsonWebToken, secretMask);
  if (/bearer|basic/i.test(text)) masked = masked.replace(bearer, `$1 ${secretMask}`);
  if (text.includes('://')) masked = masked.replace(urlPassword, `$1:${secretMask}@`);
  return masked;
}

/** Whether a field of this name holds a secret: its snake_case form ends in a word such as `password` or `token`. */
export function isSecretKey(key: string): boolean {
  const known = secretKeys.get(key);
  if (known !== undefined) return known;
  const snake = key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[-. ]/g, '_')
    .toLowerCase();
  const secret = secretKey.test(snake);
  // Keys come from code and from input; the cache must not grow with the latter.
  if (secretKeys.size < 10_000) secretKeys.set(key, secret);
  return secret;
}
