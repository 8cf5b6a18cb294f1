import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalText, minus, parseDecimal, percent, plus, rounded, times, trimmed } from './decimal.ts';

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(8))
  .map(([units, scale]) => ({ units, scale }));

test('decimal text is read back as it was written', () => {
  fc.assert(
    fc.property(decimal, (given) => {
      const text = decimalText(given);
      expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      expect(parseDecimal(text)).toEqual(given);
    }),
  );
});

test('sums and products lose no digit', () => {
  fc.assert(
    fc.property(decimal, decimal, (left, right) => {
      expect(decimalText(trimmed(minus(plus(left, right), right), 0))).toBe(decimalText(trimmed(left, 0)));
      const product = times(left, right);
      expect(product.units).toBe(left.units * right.units);
      expect(product.scale).toBe(left.scale + right.scale);
    }),
  );
  expect(decimalText(plus(parseDecimal('0.1'), parseDecimal('0.2')))).toBe('0.3');
  expect(decimalText(percent(parseDecimal('7')))).toBe('0.07');
});

test.each([
  ['0.005', 2, '0.01'],
  ['-0.005', 2, '-0.01'],
  ['0.0049', 2, '0.00'],
  ['2.5', 0, '3'],
  ['1', 2, '1.00'],
  ['999999999999999999999.995', 2, '1000000000000000000000.00'],
])('%s with %i digits after the point is %s', (text, scale, expected) => {
  expect(decimalText(rounded(parseDecimal(text), scale))).toBe(expected);
});

test.each(['', '1e5', 'NaN', '1,5', '.5', 'Infinity', ' 1'])('"%s" is no decimal text', (text) => {
  expect(() => parseDecimal(text)).toThrow(TypeError);
});
