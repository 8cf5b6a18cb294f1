import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalText } from './decimal.ts';

test.each([
  ['1.50', '1.5'],
  ['1.50E3', '1500'],
  ['-1.2e-3', '-0.0012'],
  ['1.0E7', '10000000'],
  ['000', '0'],
  ['-0.0', '0'],
  ['+7', '7'],
  ['999999999999999999.99', '999999999999999999.99'],
])('%s is %s', (written, text) => {
  expect(decimalText(written)).toEqual({ text, isCut: false });
});

test.each(['', '.', '1,5', 'NaN', '0x10', '1e999', `1${'0'.repeat(60)}`])('%j is no number', (written) => {
  expect(decimalText(written)).toBeUndefined();
});

test('digits beyond the scale are cut, and told unless they are zeros', () => {
  expect(decimalText('1.239', 2)).toEqual({ text: '1.23', isCut: true });
  expect(decimalText('1.200', 1)).toEqual({ text: '1.2', isCut: false });
  expect(decimalText('1.5', 0)).toEqual({ text: '1', isCut: true });
});

test('any finite double keeps its value', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 });
  fc.assert(
    fc.property(finite, (value) => {
      const written = decimalText(value.toString());
      if (written !== undefined) expect(Number(written.text)).toBe(value === 0 ? 0 : value);
    }),
  );
});
