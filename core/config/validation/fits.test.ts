import { expect, test } from 'vitest';
import { isCidr } from './fits.ts';

test.each(['10.0.0.0/8', '192.168.1.1/32', 'fd00::/8', '::1/128'])('%s is a network', (text) => {
  expect(isCidr(text)).toBe(true);
});

test.each([
  '10.0.0.0',
  '10.0.0.0/0',
  '::/0',
  '10.0.0.0/33',
  '10.0.0/8',
  'fd00::/129',
  'host/8',
  '10.0.0.0/8/8',
  '',
])('%j is no network', (text) => {
  expect(isCidr(text)).toBe(false);
});
