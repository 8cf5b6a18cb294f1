import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMergePatch } from './merge-patch.ts';

// The examples of RFC 7396, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched with %j is %j', (target, patch, result) => {
  expect(applyMergePatch(target, patch)).toEqual(result);
});

const value = fc.jsonValue({ maxDepth: 3 });
const member = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), value, {
  noNullPrototype: true,
});

test('a patch applied twice is the patch applied once', () => {
  fc.assert(
    fc.property(value, value, (target, patch) => {
      const once = applyMergePatch(target, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
    }),
  );
});

test('members that a patch does not name stay, and those it sets to null go', () => {
  fc.assert(
    fc.property(member, member, (target, patch) => {
      const result = new Map(Object.entries(Object(applyMergePatch(target, patch))));
      for (const [name, before] of Object.entries(target)) {
        if (!Object.hasOwn(patch, name)) expect(result.get(name)).toEqual(before);
      }
      for (const [name, change] of Object.entries(patch)) expect(result.has(name)).toBe(change !== null);
    }),
  );
});
