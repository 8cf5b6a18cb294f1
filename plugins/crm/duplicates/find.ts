import type { CountryCode } from 'libphonenumber-js';
import type { Kinds } from '../kinds.ts';
import { createCompanyMatcher } from './matching/companies.ts';
import { createContactMatcher } from './matching/contacts.ts';
import { matchIds } from './matching.ts';
import type { SweptKind } from './sweep.ts';
import { withDuplicates } from './with-duplicates.ts';

/** Kinds whose duplicates are found as their records are written, and what the sweep needs to find the rest. */
export interface DuplicateSearch {
  readonly kinds: Kinds;
  readonly swept: readonly SweptKind[];
}

/** Lets duplicates be found; `region` is the country of phone numbers that are written without one. */
export function findDuplicates(kinds: Kinds, region: CountryCode | undefined): DuplicateSearch {
  const contacts = { kind: kinds.contacts, matcher: createContactMatcher(region) };
  const companies = { kind: kinds.companies, matcher: createCompanyMatcher(region) };
  return {
    kinds: { ...kinds, contacts: withDuplicates(contacts), companies: withDuplicates(companies) },
    swept: [
      { name: 'company', table: 'companies', match: (tx, ids) => matchIds(companies, tx, ids) },
      { name: 'contact', table: 'contacts', match: (tx, ids) => matchIds(contacts, tx, ids) },
    ],
  };
}
