import type { Checker } from './checker.ts';

/** URL prefixes that the core itself answers; no plugin may serve one, a part of one or what contains one. */
export const reservedPrefixes = [
  '/api/v1/system',
  '/health',
  '/metrics',
  '/sse',
  '/ws',
  '/realms',
  '/docs',
  '/openapi.json',
] as const;

const prefixForm = /^(?:\/[a-z0-9](?:[a-z0-9._~-]*[a-z0-9])?)+$/u;

/** Whether a path is a prefix's own or below it; prefixes end at segment borders. */
export function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** Checks the URL prefixes of a manifest: form, duplicates, and the core's own. */
export function checkPrefixes(check: Checker, prefixes: unknown): void {
  const remedy = 'Write it like `/api/v1/crm`: lower case, no parameters, no `/` at the end.';
  check.list('/prefixes', prefixes, (path, prefix) => {
    if (!check.pattern(path, prefix, prefixForm, 'a URL prefix', remedy)) return;
    const text = String(prefix);
    const reserved = reservedPrefixes.find((other) => isWithin(text, other) || isWithin(other, text));
    if (reserved !== undefined) {
      check.fault(path, `${text} takes in ${reserved}, which the core answers`, 'Choose another prefix.');
    }
  });
}
