import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minorUnitsOf } from '../money/currency.ts';
import type { DealLine } from './line.ts';
import { linesField } from './lines-field.ts';
import { amountIn, roundedTo, totalLines } from './total.ts';

const decimal = (whole: number, fraction: number) =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** BigInt(whole) - 1n }), fc.stringMatching(/^\d{0,6}$/))
    .map(([before, after]) =>
      after.slice(0, fraction) === '' ? `${before}` : `${before}.${after.slice(0, fraction)}`,
    );
const given = fc.record({
  name: fc.constant('Line'),
  quantity: decimal(5, 6),
  unit_price: decimal(7, 6),
  discount_percent: fc.oneof(fc.constant('100'), decimal(2, 4)),
});
const currency = fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF');

/** The digits of decimal text as a whole number of ten to the minus `scale`, by text alone. */
function unitsOf(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  expect(fraction.length).toBeLessThanOrEqual(scale);
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

const scale = 18;

function read(lines: unknown): DealLine[] {
  const { kept, faults } = linesField().read(lines);
  expect(faults).toEqual([]);
  return kept;
}

describe('totals', () => {
  test('of lines, and their sum, are what exact arithmetic makes of them', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 20 }), currency, (lines, code) => {
        const { lines: totalled, total, faults } = totalLines(read(lines), new Map(), code);
        expect(faults).toEqual([]);
        const exact = lines.map(
          ({ quantity, unit_price, discount_percent }) =>
            unitsOf(quantity, 6) * unitsOf(unit_price, 6) * (1_000_000n - unitsOf(discount_percent, 4)),
        );
        expect(totalled.map((line) => unitsOf(line.total, scale))).toEqual(exact);
        const sum = exact.reduce((all, one) => all + one, 0n);
        expect(unitsOf(total, scale)).toBe(sum);
        const amount = unitsOf(roundedTo(code, total), scale);
        const smallest = 10n ** BigInt(scale - minorUnitsOf(code));
        expect(amount % smallest).toBe(0n);
        expect(amount - sum <= smallest / 2n && sum - amount < smallest / 2n + 1n).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('are the same again of lines that have them', () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 5 }), currency, (lines, code) => {
        const once = totalLines(read(lines), new Map(), code);
        expect(totalLines(read(once.lines), new Map(), code)).toEqual(once);
      }),
    );
  });
});

test.each([
  ['0.1', 'EUR', '0.10'],
  ['1.000', 'JPY', '1'],
  ['1.001', 'JPY', undefined],
  ['1.005', 'EUR', undefined],
  ['1.005', 'IQD', '1.005'],
  ['5', 'HUF', '5.00'],
])('an amount of %s %s is kept as %s', (amount, code, kept) => {
  expect(amountIn(code, amount)).toBe(kept);
});
