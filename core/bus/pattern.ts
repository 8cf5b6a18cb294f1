import { busError } from './errors.ts';

const segment = /^(?:\*\*?|[a-z][a-z0-9_-]*)$/;
const typeSegment = /^[a-z][a-z0-9_-]*$/;
const maxLength = 200;

/**
 * Splits a pattern into its segments: `*` is exactly one segment, `**` any number, none included.
 * Throws `EVENT_PATTERN_INVALID` (400) naming the faulty segment.
 */
export function parsePattern(pattern: string): readonly string[] {
  if (pattern.length > maxLength) {
    throw busError('EVENT_PATTERN_INVALID', {
      pattern: pattern.slice(0, 40),
      reason: `longer than ${maxLength} characters`,
    });
  }
  const segments = pattern.split('.');
  const faulty = segments.find((part) => !segment.test(part));
  if (faulty !== undefined) {
    throw busError('EVENT_PATTERN_INVALID', {
      pattern,
      reason: `the segment "${faulty}" is not a word, * or **`,
    });
  }
  return segments;
}

/** Whether a name can be an event type: two or more lower-case words joined by points. */
export function isEventType(type: string): boolean {
  const segments = type.split('.');
  return type.length <= maxLength && segments.length >= 2 && segments.every((part) => typeSegment.test(part));
}

/** Whether a type matches a parsed pattern; the reference that the trie and the SQL form are tested against. */
export function matchesSegments(pattern: readonly string[], type: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return type.length === 0;
  if (head === '**') {
    return matchesSegments(rest, type) || (type.length > 0 && matchesSegments(pattern, type.slice(1)));
  }
  return type.length > 0 && (head === '*' || head === type[0]) && matchesSegments(rest, type.slice(1));
}

/** A test of types against one pattern that remembers its answers; types are few, so the memory is bounded. */
export function createMatcher(pattern: string): (type: string) => boolean {
  const segments = parsePattern(pattern);
  if (pattern === '**') return () => true;
  if (!pattern.includes('*')) return (type) => type === pattern;
  const answers = new Map<string, boolean>();
  return (type) => {
    const known = answers.get(type);
    if (known !== undefined) return known;
    const answer = matchesSegments(segments, type.split('.'));
    answers.set(type, answer);
    return answer;
  };
}

/** A condition on a `type` column, with the value of its one placeholder; undefined when every type matches. */
export interface TypeCondition {
  readonly operator: '=' | '~';
  readonly value: string;
}

/** The pattern as SQL: equality where there is no wildcard, so that the index on the type serves it. */
export function toTypeCondition(pattern: string): TypeCondition | undefined {
  const segments = parsePattern(pattern);
  if (pattern === '**') return undefined;
  if (!pattern.includes('*')) return { operator: '=', value: pattern };
  return { operator: '~', value: toRegularExpression(segments) };
}

/** The pattern as a regular expression that PostgreSQL and JavaScript read alike. */
function toRegularExpression(segments: readonly string[]): string {
  // Each piece stands for a segment with its leading point; matching against "." + type is avoided by
  // treating the first piece apart.
  const any = '[a-z0-9_-]+';
  const build = (rest: readonly string[], first: boolean): string => {
    const [head, ...tail] = rest;
    if (head === undefined) return '';
    const point = first ? '' : '\\.';
    if (head !== '**') return `${point}${head === '*' ? any : head}${build(tail, false)}`;
    if (tail.length === 0) return first ? `(${any}(\\.${any})*)?` : `(\\.${any})*`;
    return first ? `((${any}\\.)*${build(tail, true)})` : `(\\.${any})*${build(tail, false)}`;
  };
  return `^${build(segments, true)}$`;
}
