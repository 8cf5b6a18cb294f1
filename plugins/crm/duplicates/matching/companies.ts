import type { CountryCode } from 'libphonenumber-js';
import type { CompanyFields } from '../../companies/fields.ts';
import { compareCompanies, companyWords } from './company-name.ts';
import { createMatcher } from './matcher.ts';
import type { MatchKey, Matcher } from './matcher.ts';
import { phoneNumberOf } from './phone-number.ts';
import type { ReasonName } from './reasons.ts';
import { siteOf, siteOfAddress } from './site.ts';
import { soundOf } from './transliterate.ts';

interface Traits {
  readonly sites: readonly string[];
  readonly phone: string | undefined;
  readonly words: readonly string[];
}

/** The matcher of companies; phone numbers without a country's code are those of `region`. */
export function createCompanyMatcher(region: CountryCode | undefined): Matcher<CompanyFields> {
  return createMatcher<CompanyFields, Traits>({
    kind: 'company',
    fields: ['name', 'domain', 'website', 'phone'],
    traitsOf: ({ name, domain, website, phone }) => ({
      sites: sitesOf(domain, website),
      phone: phone === null ? undefined : phoneNumberOf(phone, region),
      words: companyWords(name),
    }),
    keysOf,
    compare,
  });
}

function sitesOf(domain: string | null, website: string | null): string[] {
  const sites = [
    domain === null ? undefined : siteOf(domain),
    website === null ? undefined : siteOfAddress(website),
  ];
  return [...new Set(sites.flatMap((site) => site ?? []))].toSorted();
}

function keysOf({ sites, phone, words }: Traits): MatchKey[] {
  const keys: MatchKey[] = sites.map((site) => ({ text: `site ${site}` }));
  if (phone !== undefined) keys.push({ text: `phone ${phone}` });
  if (words.length > 0) keys.push({ text: `name ${soundOf(words.join(''))}`, common: true });
  return keys;
}

function compare(left: Traits, right: Traits): ReasonName[] {
  const reasons: ReasonName[] = [];
  if (left.sites.some((site) => right.sites.includes(site))) reasons.push('same_domain');
  if (left.phone !== undefined && left.phone === right.phone) reasons.push('same_phone');
  const likeness = compareCompanies(left.words, right.words);
  if (likeness !== undefined) reasons.push(`${likeness}_name`);
  return reasons;
}
