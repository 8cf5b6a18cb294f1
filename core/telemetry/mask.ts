import { AppError, secretMask } from '@orchestrall/sdk';
import { namesSecret } from '../config/secrets/secret-names.ts';
import { messageOf } from './error-message.ts';
import { maskText } from './secrets.ts';

/** How far a masked copy goes, and what it keeps. */
export interface MaskRules {
  /** Levels below the first; deeper ones become `[array]` or `[object]`. */
  readonly maxDepth: number;
  /** Fields of one object and items of one list; a mark says how many more there were. */
  readonly maxItems: number;
  /** What becomes of each text and each name of a field, before texts are masked; default: they stay. */
  readonly text?: (text: string) => string;
  /** Instances of classes are copied field by field, or only named. */
  readonly instances: 'copied' | 'named';
}

/**
 * A copy of JSON's types that holds no secret: every value under a name such as `password` or `access_token` is
 * replaced, whatever its type; tokens and URL passwords inside texts too. Errors become plain objects with type,
 * message, code, details, stack, cause and, of an AggregateError, errors. What throws when it is read is said to.
 */
export function maskObject(object: object, rules: MaskRules, depth = 0): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  const entries = Object.entries(object);
  const kept = entries.length > rules.maxItems ? entries.slice(0, rules.maxItems) : entries;
  for (const [key, value] of kept) {
    const known = value !== null && value !== undefined;
    const name = rules.text === undefined ? key : rules.text(key);
    masked[name] = known && namesSecret(key) ? secretMask : maskValue(value, rules, depth + 1);
  }
  if (entries.length > kept.length) masked['...'] = `${entries.length - kept.length} more fields left out`;
  return masked;
}

function maskValue(value: unknown, rules: MaskRules, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return maskText(rules.text === undefined ? value : rules.text(value));
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : maskNested(value, rules, depth);
    case 'boolean':
      return value;
    default:
      return undefined;
  }
}

/** A field that throws when it is read, such as a getter, must not fail who writes a log line. */
function maskNested(value: object, rules: MaskRules, depth: number): unknown {
  try {
    return maskReadable(value, rules, depth);
  } catch (error) {
    return `[unreadable: ${maskText(messageOf(error))}]`;
  }
}

function maskReadable(value: object, rules: MaskRules, depth: number): unknown {
  if (value instanceof Error) return maskError(value, rules, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > rules.maxDepth) return Array.isArray(value) ? '[array]' : '[object]';
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return maskValue(value.toJSON(), rules, depth + 1);
  if (value instanceof Map) return maskObject(Object.fromEntries(value), rules, depth);
  const items = value instanceof Set ? [...value] : value;
  if (Array.isArray(items)) return maskItems(items, rules, depth);
  return rules.instances === 'copied' || isPlain(value)
    ? maskObject(value, rules, depth)
    : `[${value.constructor?.name ?? 'object'}]`;
}

function maskItems(items: readonly unknown[], rules: MaskRules, depth: number): unknown[] {
  const kept = items.slice(0, rules.maxItems).map((item) => maskValue(item, rules, depth + 1) ?? null);
  return items.length > kept.length
    ? [...kept, `... ${items.length - kept.length} more items left out`]
    : kept;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function maskError(error: Error, rules: MaskRules, depth: number): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const deep = depth > rules.maxDepth;
  return {
    type: maskValue(error.name, rules, depth),
    message: maskValue(error.message, rules, depth),
    ...(code === undefined ? {} : { code: maskValue(code, rules, depth) }),
    ...(error instanceof AppError && !deep ? { details: maskObject(error.details, rules, depth + 1) } : {}),
    stack: maskValue(error.stack ?? '', rules, depth),
    ...(error instanceof AggregateError && !deep
      ? { errors: maskItems(error.errors, rules, depth + 1) }
      : {}),
    ...(error.cause === undefined || deep ? {} : { cause: maskValue(error.cause, rules, depth + 1) }),
  };
}
