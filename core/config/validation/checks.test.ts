import Type from 'typebox';
import { expect, test } from 'vitest';
import { convert, isCidr } from './checks.ts';

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

test('a text becomes what the schema wants, and stays a text where it cannot', () => {
  expect(convert(Type.Integer(), ' 42 ')).toBe(42);
  expect(convert(Type.Number(), '1e3')).toBe(1000);
  expect(convert(Type.Integer(), '0x10')).toBe('0x10');
  expect(convert(Type.Integer(), '')).toBe('');
  expect(convert(Type.Boolean(), 'Off')).toBe(false);
  expect(convert(Type.Boolean(), 'perhaps')).toBe('perhaps');
  expect(convert(Type.String(), 'true')).toBe('true');
  expect(convert(Type.Union([Type.Boolean(), Type.Integer()]), '1')).toBe(true);
  expect(convert(Type.Enum([1, 2]), '2')).toBe(2);
});
