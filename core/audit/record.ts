import { maskObject } from '../telemetry/mask.ts';
import type { MaskRules } from '../telemetry/mask.ts';

/** Bounds of one side (`before` or `after`) of an entry. */
export const auditBounds = { maxDepth: 8, maxItems: 200, maxCharacters: 4000, maxBytes: 65_536 } as const;

const rules: MaskRules = { ...auditBounds, text: shortened, instances: 'copied' };

/**
 * A copy of a record that may be kept for ever: masked, long texts, long lists and deep values shortened with a mark;
 * a record that is still larger than 64 KB is kept as the list of its fields.
 */
export function maskRecord(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const masked = maskObject(record, rules);
  const bytes = Buffer.byteLength(JSON.stringify(masked));
  if (bytes <= auditBounds.maxBytes) return masked;
  return { '...': `left out: ${bytes} bytes`, fields: Object.keys(masked).slice(0, auditBounds.maxItems) };
}

/** What PostgreSQL cannot store becomes the replacement character: an odd letter must not stop a change. */
function shortened(text: string): string {
  const { maxCharacters } = auditBounds;
  const kept =
    text.length > maxCharacters ? `${text.slice(0, maxCharacters)}... ${text.length} characters` : text;
  return kept.replaceAll('\0', '\ufffd').toWellFormed();
}
