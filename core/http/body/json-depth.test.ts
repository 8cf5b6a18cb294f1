import { expect, test } from 'vitest';
import { isNestedDeeper } from './json-depth.ts';

test('isNestedDeeper() counts open brackets and braces, closed ones no more', () => {
  expect(isNestedDeeper('[{"a":[]}]', 3)).toBe(false);
  expect(isNestedDeeper('[{"a":[]}]', 2)).toBe(true);
  expect(isNestedDeeper('[[],[],{},{}]', 2)).toBe(false);
});

test('isNestedDeeper() passes over texts, their escapes included', () => {
  expect(isNestedDeeper(String.raw`["[[[", "\"[[[", "\\", "{"]`, 1)).toBe(false);
  expect(isNestedDeeper(String.raw`["\\", [[]]]`, 2)).toBe(true);
});

test('isNestedDeeper() judges texts that are no JSON', () => {
  expect(isNestedDeeper('[[[', 2)).toBe(true);
  expect(isNestedDeeper('["[[[', 1)).toBe(false);
  expect(isNestedDeeper(']]][', 1)).toBe(false);
});
