import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

test('a secret shows a mask however it is printed, and its text only when revealed', () => {
  const secret = new Secret('hush');
  const shown = [
    String(secret),
    'x'.concat(String(secret)),
    JSON.stringify({ secret }),
    inspect([secret], { showHidden: true }),
  ];
  for (const text of shown) {
    expect(text).toContain('[secret]');
    expect(text).not.toContain('hush');
  }
  expect(Object.keys(secret)).toEqual([]);
  expect(structuredClone(secret)).toEqual({});
  expect(secret.reveal()).toBe('hush');
});

test('secrets of the same text are equal', () => {
  expect(new Secret('a').equals(new Secret('a'))).toBe(true);
  expect(new Secret('a').equals(new Secret('b'))).toBe(false);
});
