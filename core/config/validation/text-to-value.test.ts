import Type from 'typebox';
import { expect, test } from 'vitest';
import { textToValue } from './text-to-value.ts';

test('a text becomes what the schema wants, and stays a text where it cannot', () => {
  expect(textToValue(Type.Integer(), ' 42 ')).toBe(42);
  expect(textToValue(Type.Number(), '1e3')).toBe(1000);
  expect(textToValue(Type.Integer(), '0x10')).toBe('0x10');
  expect(textToValue(Type.Integer(), '')).toBe('');
  expect(textToValue(Type.Boolean(), 'Off')).toBe(false);
  expect(textToValue(Type.Boolean(), 'perhaps')).toBe('perhaps');
  expect(textToValue(Type.String(), 'true')).toBe('true');
  expect(textToValue(Type.Union([Type.Boolean(), Type.Integer()]), '1')).toBe(true);
  expect(textToValue(Type.Enum([1, 2]), '2')).toBe(2);
});
