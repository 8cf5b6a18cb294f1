import { expect, test } from 'vitest';
import { matchesHost } from './host-pattern.ts';

test.each([
  ['example.com', 'https://example.com/', true],
  ['example.com', 'https://www.example.com/', false],
  ['*.example.com', 'https://www.example.com/', true],
  ['*.example.com', 'https://example.com/', false],
  ['*.example.com', 'https://evilexample.com/', false],
  ['example.com:8443', 'https://example.com:8443/', true],
  ['example.com', 'https://example.com:8443/', false],
  ['example.com', 'https://example.com@evil.test/', false],
  ['example.com:443', 'https://example.com/', true],
  ['example.com:443', 'http://example.com/', false],
  ['example.com:80', 'http://example.com/', true],
  ['Example.COM', 'https://example.com/', true],
  ['[2001:db8::1]:8443', 'https://[2001:DB8:0::1]:8443/', true],
])('host pattern %s against %s', (pattern, url, expected) => {
  expect(matchesHost(pattern, new URL(url))).toBe(expected);
});
