/** An exact decimal number: `units` of 10 to the power of minus `scale`. No digit is ever lost to a float. */
export interface Decimal {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

/** Nothing. */
export const zero: Decimal = { units: 0n, scale: 0 };

/** Reads decimal text such as `-12.50`, as fields keep it; throws a `TypeError` for anything else. */
export function parseDecimal(text: string): Decimal {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new TypeError(`not decimal text: ${text}`);
  const [, whole = '', fraction = ''] = match;
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** The sum, with as many digits after the point as the more precise of the two. */
export function plus(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: unitsAt(left, scale) + unitsAt(right, scale), scale };
}

/** The difference, likewise. */
export function minus(left: Decimal, right: Decimal): Decimal {
  return plus(left, { units: -right.units, scale: right.scale });
}

/** The product, with the digits of both. */
export function times(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

/** A hundredth. */
export function percent({ units, scale }: Decimal): Decimal {
  return { units, scale: scale + 2 };
}

/** The nearest number with `scale` digits after the point; halves go away from zero, as in trade. */
export function rounded(given: Decimal, scale: number): Decimal {
  if (given.scale <= scale) return { units: unitsAt(given, scale), scale };
  const divisor = 10n ** BigInt(given.scale - scale);
  const half = given.units < 0n ? -divisor / 2n : divisor / 2n;
  return { units: (given.units + half) / divisor, scale };
}

/** Without the zeros at the end, but with at least `scale` digits after the point. */
export function trimmed(given: Decimal, scale: number): Decimal {
  let { units, scale: kept } = given;
  for (; kept > scale && units % 10n === 0n; kept -= 1) units /= 10n;
  return kept < scale ? { units: unitsAt(given, scale), scale } : { units, scale: kept };
}

/** Digits before the point, 1 at least. */
export function wholeDigits({ units, scale }: Decimal): number {
  const digits = (units < 0n ? -units : units).toString().length - scale;
  return Math.max(digits, 1);
}

/** Decimal text with all digits after the point. */
export function decimalText({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function unitsAt({ units, scale }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}
