import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMatcher, matchesSegments, parsePattern, toTypeCondition } from './pattern.ts';
import { PatternTrie } from './pattern-trie.ts';

const word = fc.constantFrom('a', 'b', 'c', 'contact', 'created', 'x_y', 'on-off');
const type = fc.array(word, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
const pattern = fc
  .array(fc.oneof(word, fc.constant('*'), fc.constant('**')), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('.'));

/** Written apart from the code under test: every way of giving segments to the pattern's parts is tried. */
function reference(patternText: string, typeText: string): boolean {
  const parts = patternText.split('.');
  let reachable = new Set([0]);
  const segments = typeText.split('.');
  for (const part of parts) {
    const next = new Set<number>();
    for (const at of reachable) {
      if (part === '**') for (let end = at; end <= segments.length; end += 1) next.add(end);
      else if (at < segments.length && (part === '*' || part === segments[at])) next.add(at + 1);
    }
    reachable = next;
  }
  return reachable.has(segments.length);
}

describe('patterns', () => {
  it('match as a reference that tries every assignment of segments', () => {
    fc.assert(
      fc.property(pattern, type, (given, of) => {
        expect(matchesSegments(parsePattern(given), of.split('.'))).toBe(reference(given, of));
        expect(createMatcher(given)(of)).toBe(reference(given, of));
      }),
      { numRuns: 2_000 },
    );
  });

  it('mean the same as the condition that PostgreSQL gets', () => {
    fc.assert(
      fc.property(pattern, type, (given, of) => {
        const condition = toTypeCondition(given);
        const answer =
          condition === undefined ||
          (condition.operator === '=' ? condition.value === of : new RegExp(condition.value).test(of));
        expect(answer).toBe(reference(given, of));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused with the faulty segment named', () => {
    for (const faulty of ['', 'contact.', '.created', 'Contact.created', 'con*', 'a..b', '***', 'a.b c']) {
      expect(() => parsePattern(faulty), faulty).toThrow(
        expect.objectContaining({ code: 'EVENT_PATTERN_INVALID' }),
      );
    }
  });
});

describe('PatternTrie', () => {
  it('finds exactly the values whose pattern matches, also after some were taken out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pattern, priority: fc.integer({ min: 0, max: 9 }), keep: fc.boolean() }), {
          maxLength: 12,
        }),
        fc.array(type, { minLength: 1, maxLength: 5 }),
        (given, types) => {
          const trie = new PatternTrie<number>();
          const handles = given.map((one, index) => trie.add(one.pattern, index, one.priority));
          for (const of of types) trie.match(of);
          given.forEach((one, index) => {
            if (!one.keep) handles[index]?.[Symbol.dispose]();
          });
          for (const of of types) {
            const expected = given
              .map((one, index) => ({ ...one, index }))
              .filter((one) => one.keep && reference(one.pattern, of))
              .toSorted((left, right) => right.priority - left.priority || left.index - right.index)
              .map((one) => one.index);
            expect(trie.match(of)).toEqual(expected);
            expect(trie.match(of)).toEqual(expected);
          }
        },
      ),
    );
  });
});
