import type { RouteRecord } from './route-record.ts';

/** The methods that some route answers at this path, in capitals and sorted; empty when no route matches. */
export function allowedMethods(routes: readonly RouteRecord[], path: string): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    if (patternOf(route.endpoint).test(path)) for (const method of route.methods) methods.add(method);
  }
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods].toSorted();
}

const patterns = new Map<string, RegExp>();
const maxPatterns = 5_000;

/** The route pattern as a regular expression: `:name`, `:name(expression)`, `:name?` and `*`. */
function patternOf(endpoint: string): RegExp {
  let pattern = patterns.get(endpoint);
  if (pattern === undefined) {
    if (patterns.size >= maxPatterns) patterns.clear();
    const source = endpoint
      .split(/(\/:\w+\?|:\w+(?:\([^)]*\))?|\*)/)
      .map((part) => {
        if (part === '*') return '.*';
        if (part.startsWith('/:')) return '(?:/[^/]+)?';
        if (part.startsWith(':')) return '[^/]+';
        return part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
      })
      .join('');
    pattern = new RegExp(`^${source}/?$`);
    patterns.set(endpoint, pattern);
  }
  return pattern;
}
