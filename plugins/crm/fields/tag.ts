import { foldCase, keepText } from '@orchestrall/sdk/resources';
import type { TextResult } from '@orchestrall/sdk/resources';

/** Most tags one record can carry. */
export const maxTags = 50;

/** Longest tag, characters. */
export const maxTagLength = 50;

/**
 * Brings a tag into its one form: lower case, single spaces, up to 50 characters.
 * Commas and semicolons are refused, since they separate tags in files and addresses.
 */
export function keepTag(given: string): TextResult {
  const kept = keepText(foldCase(given).replaceAll(/\s+/gu, ' '), maxTagLength);
  if (kept.text === undefined || !/[,;]/.test(kept.text)) return kept;
  return { fault: 'must not hold a comma or a semicolon; send one tag at a time' };
}
