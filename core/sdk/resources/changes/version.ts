import { defineErrors, sharedErrors } from '../../errors.ts';

const sharedError = defineErrors(sharedErrors);

/** The ETag of a record: its version (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3). */
export function etagOf(record: { readonly version: number }): string {
  return `"${record.version}"`;
}

/**
 * Holds a change to the versions that `If-Match` names; without the header every version is fine.
 * Throws `VERSION_MISMATCH` with the record as it is now, as `shown` makes it.
 */
export function checkVersion<Versioned extends { readonly version: number }>(
  record: Versioned,
  ifMatch: string | undefined,
  shown: (record: Versioned) => object = (current) => current,
): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (named.includes(etagOf(record))) return;
  throw sharedError('VERSION_MISMATCH', { version: record.version, current: shown(record) });
}

/** Refuses a change that names no version, where one is required: `PRECONDITION_REQUIRED`, 428. */
export function requireVersion(ifMatch: string | undefined): void {
  if (ifMatch === undefined) throw sharedError('PRECONDITION_REQUIRED');
}

/** Whether `If-None-Match` names the version that the caller has already. */
export function isUnchanged(record: { readonly version: number }, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const named = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return named.includes('*') || named.includes(etagOf(record));
}
