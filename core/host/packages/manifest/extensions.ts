import type { Checker } from './checker.ts';

/**
 * Extensions of PostgreSQL that a manifest may ask for: those that the embedded server carries and that PostgreSQL counts
 * as trusted, so that the owner of a database may create them.
 */
const extensions = ['btree_gin', 'citext', 'fuzzystrmatch', 'pg_trgm', 'unaccent'];
const pattern = new RegExp(`^(?:${extensions.join('|')})$`, 'u');

/** Checks the list `extensions` of a manifest. */
export function checkExtensions(check: Checker, list: unknown): void {
  const remedy = `Name some of ${extensions.join(', ')}, or do without.`;
  check.list('/extensions', list, (path, extension) =>
    check.pattern(path, extension, pattern, 'an extension that plugins may use', remedy),
  );
}
