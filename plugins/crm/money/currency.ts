import { cut, optionalText } from '@orchestrall/sdk/resources';
import type { TextResult } from '@orchestrall/sdk/resources';

/** Codes of metals, baskets and tests, of which ISO 4217 says no minor unit: nothing is sold in them. */
const notMoney = new Set([
  'XAG',
  'XAU',
  'XBA',
  'XBB',
  'XBC',
  'XBD',
  'XDR',
  'XPD',
  'XPT',
  'XSU',
  'XTS',
  'XUA',
  'XXX',
]);

/** Funds codes of ISO 4217 that contracts are made in and that `Intl` does not name. */
const unitsOfAccount = ['CHE', 'CHW', 'CLF', 'COU', 'MXV', 'USN', 'UYI', 'UYW'];

const codes: ReadonlySet<string> = new Set(
  [...Intl.supportedValuesOf('currency'), ...unitsOfAccount].filter((code) => !notMoney.has(code)),
);

/**
 * Digits after the point where they are not two, of ISO 4217 list one
 * (https://www.six-group.com/en/products-services/financial-information/data-standards.html). `Intl` is no source for
 * them: it tells what is usual in shops, none for HUF and IQD.
 */
const minorUnits: ReadonlyMap<string, number> = new Map([
  ...each(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...each(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...each(4, 'CLF UYW'),
]);

/** Most digits after the point that an amount of any currency has. */
export const maxMinorUnits = 4;

/** Digits after the point that amounts of a currency have. */
export function minorUnitsOf(currency: string): number {
  return minorUnits.get(currency) ?? 2;
}

/** Whether it is the code of a currency, in capitals. */
export function isCurrency(code: string): boolean {
  return codes.has(code);
}

/** A currency by its code of ISO 4217, such as `EUR`; or null. */
export function currencyField(description: string) {
  const headers = ['currencycode', 'currencyisocode', 'waehrung', 'wahrung'];
  return optionalText(3, { description, headers }, keepCurrency);
}

function keepCurrency(given: string): TextResult {
  const text = given.trim().toUpperCase();
  if (isCurrency(text)) return { text };
  return {
    fault: `must be the code of a currency, such as EUR; ISO 4217 has no ${JSON.stringify(cut(text, 20))}`,
  };
}

function each(digits: number, listed: string): [string, number][] {
  return listed.split(' ').map((code) => [code, digits]);
}
