import { AppError, secretMask } from '@orchestrall/sdk';

const secretKey =
  /(?:^|_)(?:password|passwd|passphrase|secret|token|jwt|authorization|cookie|credentials?|api_key|private_key)$/;
const secretKeys = new Map<string, boolean>();
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;
const maxDepth = 6;
const maxItems = 100;

/**
 * A copy of log fields that holds no secret: values under names such as `password` or `access_token` are replaced,
 * tokens and URL passwords inside texts too, and errors become plain objects. At most 6 levels and 100 items deep.
 */
export function maskFields(fields: object): Record<string, unknown> {
  return maskEntries(fields, 0);
}

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
  const secret = secretKey.test(snake) || /(?:^|_)apikey$/.test(snake);
  // Keys come from code and from input; the cache must not grow with the latter.
  if (secretKeys.size < 10_000) secretKeys.set(key, secret);
  return secret;
}

function maskEntries(object: object, depth: number): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  let count = 0;
  for (const [key, value] of Object.entries(object)) {
    if (count === maxItems) {
      masked['...'] = 'more fields left out';
      break;
    }
    count += 1;
    const maskable = typeof value === 'string' || (typeof value === 'object' && value !== null);
    masked[key] = maskable && isSecretKey(key) ? secretMask : maskValue(value, depth + 1);
  }
  return masked;
}

function maskValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return maskError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > maxDepth) return Array.isArray(value) ? '[array]' : '[object]';
  if ('toJSON' in value && typeof value.toJSON === 'function') return maskValue(value.toJSON(), depth + 1);
  if (value instanceof Map) return maskEntries(Object.fromEntries(value), depth);
  const items = value instanceof Set ? [...value] : value;
  if (Array.isArray(items)) return items.slice(0, maxItems).map((item) => maskValue(item, depth + 1));
  // An instance of some class, such as a request or a socket, would bring half the process along.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor?.name ?? 'object'}]`;
  return maskEntries(value, depth);
}

function maskError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: maskText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof AppError ? { details: maskEntries(error.details, depth + 1) } : {}),
    stack: maskText(error.stack ?? ''),
    ...(error.cause === undefined || depth > maxDepth ? {} : { cause: maskValue(error.cause, depth + 1) }),
  };
}
