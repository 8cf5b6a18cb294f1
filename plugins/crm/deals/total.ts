import type { Fault } from '@orchestrall/sdk';
import { minorUnitsOf } from '../money/currency.ts';
import {
  decimalText,
  minus,
  parseDecimal,
  percent,
  plus,
  rounded,
  times,
  trimmed,
  wholeDigits,
  zero,
} from '../money/decimal.ts';
import type { DealLine } from './line.ts';

/** Most digits of an amount before the point. */
export const maxAmountDigits = 15;

/** A product as its lines take its name and price. */
export interface LineProduct {
  readonly name: string;
  readonly unit_price: string | null;
  readonly currency: string | null;
}

/** Lines with their totals, and the sum of these; every digit of them is kept. */
export interface TotalledLines {
  readonly lines: readonly DealLine[];
  readonly total: string;
  readonly faults: readonly Fault[];
}

/**
 * Fills in what lines leave to their products, and what they come to: quantity times unit price less discount, exactly,
 * with at least the digits of the currency. Faults are at paths below the deal.
 */
export function totalLines(
  given: readonly DealLine[],
  products: ReadonlyMap<string, LineProduct>,
  currency: string,
): TotalledLines {
  const digits = minorUnitsOf(currency);
  const faults: Fault[] = [];
  let sum = zero;
  const lines = given.map((line, index) => {
    const product = products.get(line.product_id ?? '');
    const named = { ...line, name: line.name === '' ? (product?.name ?? '') : line.name };
    if (named.unit_price === '') {
      const fault = faultOfPrice(product, currency);
      if (fault !== undefined) {
        faults.push({ path: `/lines/${index}/unit_price`, message: fault });
        return named;
      }
    }
    const unit_price = named.unit_price === '' ? (product?.unit_price ?? '0') : named.unit_price;
    const paid = percent(minus(hundred, parseDecimal(line.discount_percent)));
    const total = trimmed(times(times(parseDecimal(line.quantity), parseDecimal(unit_price)), paid), digits);
    sum = plus(sum, total);
    return { ...named, unit_price, total: decimalText(total) };
  });
  const total = trimmed(sum, digits);
  if (wholeDigits(total) > maxAmountDigits) {
    faults.push({
      path: '/lines',
      message: `must sum to at most ${maxAmountDigits} digits before the point`,
    });
  }
  return { lines, total: decimalText(total), faults };
}

const hundred = parseDecimal('100');

function faultOfPrice(product: LineProduct | undefined, currency: string): string | undefined {
  if (product === undefined || product.unit_price === null) return 'must be given; the product has no price';
  if (product.currency === currency) return undefined;
  return `must be given; the price of the product is in ${product.currency ?? 'no currency'}, the deal in ${currency}`;
}

/** An amount with the digits of its currency; undefined where it has more of them than the currency. */
export function amountIn(currency: string, amount: string): string | undefined {
  const given = parseDecimal(amount);
  const kept = rounded(given, minorUnitsOf(currency));
  return minus(given, kept).units === 0n ? decimalText(kept) : undefined;
}

/** An exact sum as an amount: halves of the smallest unit of the currency go up. */
export function roundedTo(currency: string, sum: string): string {
  return decimalText(rounded(parseDecimal(sum), minorUnitsOf(currency)));
}
