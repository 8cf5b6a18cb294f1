import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import type { CountryCode } from 'libphonenumber-js';

/** Fewest digits of a number that is compared: shorter ones are extensions. */
const fewestDigits = 7;

/**
 * A phone number as E.164 has it, with its extension; numbers without a country's code are read as those of `region`.
 * What cannot be read so is compared by its digits; undefined when there are fewer than 7.
 */
export function phoneNumberOf(phone: string, region: CountryCode | undefined): string | undefined {
  const digits = phone.replaceAll(/\D/g, '');
  if (digits.length < fewestDigits) return undefined;
  const parsed = parsePhoneNumberFromString(phone, {
    extract: false,
    ...(region === undefined ? {} : { defaultCountry: region }),
  });
  if (parsed?.isPossible() === true) {
    return parsed.ext === undefined ? parsed.number : `${parsed.number}x${parsed.ext}`;
  }
  return digits;
}

/** The region of this code in ISO 3166-1; undefined for what is none. */
export function regionOf(code: string): CountryCode | undefined {
  return isSupportedCountry(code) ? code : undefined;
}
