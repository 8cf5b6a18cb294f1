/** Fewest digits of a question that is held for a phone number. */
export const minPhoneDigits = 3;

/** Longest code of a country, digits (ITU-T E.164). */
const maxCountryCode = 3;

/** Fewest digits of a number without the code of its country, below which its ending would be that of many. */
const minNationalDigits = 6;

const backwards = '<';

/** The digits of a phone number; a `(0)` that is dialled within the country only is left out. */
export function digitsOf(phone: string): string {
  return phone.normalize('NFKC').replace(/\(0\)/, '').replaceAll(/\D/g, '');
}

/** The forms under which a phone is found: its digits, and from the last to the first what follows its leading zeros. */
export function keptDigitsOf(phone: string): string[] {
  const digits = digitsOf(phone);
  return [digits, `${backwards}${reversed(withoutZeros(digits))}`];
}

/** How digits are asked for; `prefix` for those that need only begin a kept form. */
export interface AskedDigits {
  readonly form: string;
  readonly prefix: boolean;
}

/**
 * What finds the phones that these digits are: the first digits as written, the last ones, or the whole number with the
 * code of its country where the record has it without.
 */
export function askedDigitsOf(digits: string): AskedDigits[] {
  const national = withoutZeros(digits);
  const asked: AskedDigits[] = [{ form: digits, prefix: true }];
  if (national === '') return asked;
  asked.push({ form: `${backwards}${reversed(national)}`, prefix: true });
  for (let code = 1; code <= maxCountryCode; code += 1) {
    const rest = withoutZeros(national.slice(code));
    if (rest.length >= minNationalDigits)
      asked.push({ form: `${backwards}${reversed(rest)}`, prefix: false });
  }
  return asked;
}

/** Whether a kept phone is one that these digits ask for. */
export function isAskedPhone(phone: string, digits: string): boolean {
  const kept = keptDigitsOf(phone);
  return askedDigitsOf(digits).some(({ form, prefix }) =>
    kept.some((one) => (prefix ? one.startsWith(form) : one === form)),
  );
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '');
}

function reversed(digits: string): string {
  return digits.split('').toReversed().join('');
}
