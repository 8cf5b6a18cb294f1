import type { IncomingHttpHeaders } from 'node:http';

/** Whether the caller wants changed records left out of the answer (https://www.rfc-editor.org/rfc/rfc7240#section-4.2). */
export function prefersMinimal({ prefer }: IncomingHttpHeaders): boolean {
  const preferences = [prefer ?? []].flat().flatMap((header) => header.split(','));
  return preferences.some((preference) => /^\s*return\s*=\s*"?minimal"?\s*(;|$)/i.test(preference));
}

/** Says that the preference was followed. */
export const minimalApplied = { 'preference-applied': 'return=minimal' } as const;
