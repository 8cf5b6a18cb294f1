import { secretMask } from '@orchestrall/sdk';
import { isSecretKey, maskText } from '../telemetry/mask.ts';

/** Bounds of one side (`before` or `after`) of an entry. */
export const auditBounds = { maxDepth: 8, maxItems: 200, maxCharacters: 4000, maxBytes: 65_536 } as const;

/**
 * A copy of a record that may be kept for ever: every value under a name such as `password` is masked at any depth,
 * whatever its type; tokens and URL passwords inside texts too. Long texts, long lists and deep values are shortened
 * with a mark; a record that is still larger than 64 KB is kept as the list of its fields.
 */
export function maskRecord(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const masked = maskObject(record, 0);
  const bytes = Buffer.byteLength(JSON.stringify(masked));
  if (bytes <= auditBounds.maxBytes) return masked;
  return { '...': `left out: ${bytes} bytes`, fields: Object.keys(masked).slice(0, auditBounds.maxItems) };
}

function maskObject(object: object, depth: number): Record<string, unknown> {
  const masked: Record<string, unknown> = {};
  const entries = Object.entries(object);
  for (const [key, value] of entries.slice(0, auditBounds.maxItems)) {
    const known = value !== null && value !== undefined;
    masked[storable(key)] = known && isSecretKey(key) ? secretMask : maskValue(value, depth + 1);
  }
  if (entries.length > auditBounds.maxItems)
    masked['...'] = `${entries.length - auditBounds.maxItems} more fields`;
  return masked;
}

function maskValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return shortened(value);
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : maskNested(value, depth);
    case 'boolean':
      return value;
    default:
      return undefined;
  }
}

function maskNested(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > auditBounds.maxDepth) return Array.isArray(value) ? '[array]' : '[object]';
  if ('toJSON' in value && typeof value.toJSON === 'function') return maskValue(value.toJSON(), depth + 1);
  if (value instanceof Map) return maskObject(Object.fromEntries(value), depth);
  const items = value instanceof Set ? [...value] : value;
  if (!Array.isArray(items)) return maskObject(value, depth);
  const kept = items.slice(0, auditBounds.maxItems).map((item) => maskValue(item, depth + 1) ?? null);
  return items.length > kept.length ? [...kept, `... ${items.length - kept.length} more items`] : kept;
}

function shortened(text: string): string {
  const { maxCharacters } = auditBounds;
  const kept =
    text.length > maxCharacters ? `${text.slice(0, maxCharacters)}... ${text.length} characters` : text;
  return maskText(storable(kept));
}

/** What PostgreSQL cannot store becomes the replacement character: an odd letter must not stop a change. */
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}
