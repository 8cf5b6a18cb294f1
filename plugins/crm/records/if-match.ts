import { defineErrors, sharedErrors } from '@orchestrall/sdk';

const sharedError = defineErrors(sharedErrors);

/** The ETag of a record: its version (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3). */
export function etagOf(record: { readonly version: number }): string {
  return `"${record.version}"`;
}

/**
 * Holds a change to the versions that `If-Match` names; without the header every version is fine.
 * Throws `VERSION_MISMATCH` with the record as it is now.
 */
export function checkVersion(record: { readonly version: number }, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (named.includes(etagOf(record))) return;
  throw sharedError('VERSION_MISMATCH', { version: record.version, current: record });
}
