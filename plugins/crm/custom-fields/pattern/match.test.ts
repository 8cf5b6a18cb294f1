import { describe, expect, test } from 'vitest';
import { compilePattern } from './match.ts';

const accepted = [
  String.raw`[A-Z]{2}-\d{4}`,
  'a|bc|',
  '(?:ab)*c+d?',
  '[^a-c]x',
  String.raw`\w+@\w+\.[a-z]{2,3}`,
  '.{0,3}',
  '(a{2}){2,3}',
  '(a*)*b',
  String.raw`[\d.-]+`,
  String.raw`\s*é\S`,
  '(|a)+b',
];
const texts = [
  '',
  'a',
  'bc',
  'AB-1234',
  'AB-12345',
  'ababccd',
  'c',
  'dx',
  'ax',
  'ada@example.com',
  'aaaa',
  'aaaaa',
];
const more = ['aaaaaa', 'aab', '1.2-3', ' éa', 'é ', '\n', '😀', '😀😀😀', 'b', 'ab'];

describe('compilePattern()', () => {
  test.each(accepted)(
    '%s matches what a regular expression of the same words matches as a whole',
    (pattern) => {
      const matches = compilePattern(pattern);
      const expected = new RegExp(`^(?:${pattern})$`, 'u');
      for (const text of [...texts, ...more])
        expect([text, matches(text)]).toEqual([text, expected.test(text)]);
    },
  );

  test.each([
    ['', 'must not be empty'],
    ['(a', 'has a ( without its )'],
    ['a)', 'has a ) without its ('],
    ['[a', 'has a [ without its ]'],
    ['*a', String.raw`has a * with nothing before it to repeat; write \*`],
    ['a**', 'repeats a repetition; put it in a group'],
    ['a+?', 'must not have a ? after a repetition: it changes no match'],
    [String.raw`(a)\1`, 'must not refer back to a group'],
    ['(?=a)b', 'must not look around or name groups: (?: is the only group with a ?'],
    ['(?<name>a)', 'must not look around or name groups: (?: is the only group with a ?'],
    ['^a', 'must not hold ^: it is held to the whole value already'],
    ['a{3,2}', 'has {3,2}, whose numbers are the wrong way round'],
    ['a{201}', 'must not repeat more than 200 times, has {201}'],
    ['a{x}', String.raw`has a { that is no number of repetitions; write \{`],
    ['[z-a]', 'has a set whose range does not go from one character to a later one'],
    [String.raw`\p{L}`, String.raw`must not hold \p`],
    ['a\\', String.raw`ends after a \ or within a set`],
    ['a'.repeat(201), 'must be at most 200 characters, has 201'],
    ['('.repeat(12) + ')'.repeat(12), 'must not have groups nested deeper than 10'],
    ['((a{100}){100}){100}', expect.stringContaining('is too large')],
  ])('refuses %s and says why', (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ message: reason }));
  });

  test.each(['(a+)+b', '(a|a)*b', '(.*)*(.*)*(.*)*x', 'a*a*a*a*a*a*a*a*a*a*b', '((a*)*)*b'])(
    'answers for %s, which takes other engines for ever, about 20,000 characters',
    (pattern) => {
      expect(compilePattern(pattern)('a'.repeat(20_000))).toBe(false);
    },
  );
});
