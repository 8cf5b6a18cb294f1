/** A number in plain digits, and whether digits after the point were dropped. */
export interface DecimalText {
  readonly text: string;
  readonly isCut: boolean;
}

/** Largest exponent that is written out: more is no amount. */
const largestExponent = 40;

/**
 * A number as it is written, with an exponent or zeros at its ends, as plain decimal text: `1.50E3` is `1500`.
 * Undefined for what is no number.
 *
 * @param scale digits after the point that are kept; all by default
 */
export function decimalText(written: string, scale?: number): DecimalText | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d{1,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(written) ?? [];
  const shift = Number(exponent);
  if (whole === '' || Math.abs(shift) > largestExponent) return undefined;
  const zeros = '0'.repeat(Math.abs(shift));
  const digits = `${zeros}${whole}${fraction}${zeros}`;
  const point = zeros.length + whole.length + shift;
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, '');
  const after = digits.slice(point).replace(/0+$/, '');
  const kept = scale === undefined ? after : after.slice(0, scale).replace(/0+$/, '');
  const text = kept === '' ? before : `${before}.${kept}`;
  const isZero = /^[0.]*$/.test(text);
  return { text: sign === '-' && !isZero ? `-${text}` : text, isCut: kept !== after };
}
