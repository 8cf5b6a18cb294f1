import { hasDuplicateMembers } from './duplicate-members.ts';
import { TokenRefusal } from './refusal.ts';

/** Longest token that is looked at, bytes; Keycloak's own stay below 4,000. */
const maxTokenBytes = 8192;

const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** Parameters that bring a key along, ask for one to be fetched, or change how the signature is computed. */
const forbidden = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'];

/**
 * Looks at a token before any cryptography: size, shape, canonical base64url, JSON without duplicate members, a key
 * id, an access token's `typ`, and none of the header parameters that take part in attacks.
 * Throws `TokenRefusal`.
 */
export function inspectToken(token: string): void {
  if (token.length > maxTokenBytes) throw new TokenRefusal('token_too_large');
  if (!shape.test(token)) throw new TokenRefusal('token_malformed');
  const [headerPart = '', payloadPart = '', signaturePart = ''] = token.split('.');
  const header = decodeObject(headerPart, 'header_malformed');
  decodeObject(payloadPart, 'token_malformed');
  if (Buffer.from(signaturePart, 'base64url').toString('base64url') !== signaturePart) {
    throw new TokenRefusal('token_malformed');
  }
  if (forbidden.some((name) => Object.hasOwn(header, name))) throw new TokenRefusal('header_forbidden');
  if (typeof header['kid'] !== 'string' || header['kid'] === '') throw new TokenRefusal('key_unknown');
  const typ = header['typ'];
  if (typeof typ !== 'string' || !/^(?:jwt|(?:application\/)?at\+jwt)$/i.test(typ)) {
    throw new TokenRefusal('kind_wrong');
  }
}

function decodeObject(part: string, reason: 'header_malformed' | 'token_malformed'): Record<string, unknown> {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw new TokenRefusal(reason);
  const json = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new TokenRefusal(reason, cause);
  }
  if (!isObject(value)) throw new TokenRefusal(reason);
  if (hasDuplicateMembers(json)) throw new TokenRefusal('claims_duplicated');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
