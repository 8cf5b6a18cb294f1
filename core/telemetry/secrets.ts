import { secretMask } from '@orchestrall/sdk';

const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
// Drivers take an `@` that is not escaped for a part of user or password: the last one is the border.
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/]*):[^\s/]+@/gi;

/** The text without bearer tokens, JSON Web Tokens and passwords in URLs. */
export function maskText(text: string): string {
  let masked = text;
  if (text.includes('eyJ')) masked = masked.replace(jsonWebToken, secretMask);
  if (/bearer|basic/i.test(text)) masked = masked.replace(bearer, `$1 ${secretMask}`);
  if (text.includes('://')) masked = masked.replace(urlPassword, `$1:${secretMask}@`);
  return masked;
}
