import { companyFieldsOf, readCompanyFields } from '../companies/fields.ts';
import { lockCompaniesByDomain, lockCompaniesByName, nameKey } from '../companies/store.ts';
import { createCompanies, editCompanies } from '../companies/write.ts';
import { contactFieldsOf, readContactFields } from '../contacts/fields.ts';
import { emailKey, lockContactsByEmail } from '../contacts/store.ts';
import { createContacts, editContacts } from '../contacts/write.ts';
import { foldCase } from '../fields/text.ts';
import type { CompanyFields } from '../companies/fields.ts';
import type { Company } from '../companies/schemas.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { ImportKey, ImportObject } from './schemas.ts';
import { createUpsert } from './upsert.ts';
import type { Upsert, UpsertTarget } from './upsert.ts';

const companies = {
  fieldsOf: companyFieldsOf,
  read: readCompanyFields,
  create: createCompanies,
  edit: editCompanies,
} satisfies Partial<UpsertTarget<Company, CompanyFields>>;

/** What files can be imported into, by object and key; the first key of an object is its default. */
const targets: Readonly<Record<ImportObject, ReadonlyMap<ImportKey, Upsert>>> = {
  contacts: new Map([
    [
      'email',
      createUpsert({
        fieldsOf: contactFieldsOf,
        read: readContactFields,
        create: createContacts,
        edit: editContacts,
        keyOfRow: (given) => keyOf(given, 'email', emailKey),
        keyOfRecord: (contact) => emailKey(contact.email ?? ''),
        lock: lockContactsByEmail,
      }),
    ],
  ]),
  companies: new Map([
    [
      'domain',
      createUpsert({
        ...companies,
        keyOfRow: (given) => keyOf(given, 'domain', foldCase),
        keyOfRecord: (company) => company.domain ?? '',
        lock: lockCompaniesByDomain,
      }),
    ],
    [
      'name',
      createUpsert({
        ...companies,
        keyOfRow: (given) => keyOf(given, 'name', nameKey),
        keyOfRecord: (company) => nameKey(company.name),
        lock: lockCompaniesByName,
      }),
    ],
  ]),
};

/** The keys by which an object can be imported; the first is the default. */
export function importKeys(object: ImportObject): ImportKey[] {
  return [...targets[object].keys()];
}

/** How rows of an object are written by a key; undefined when the object has no such key. */
export function findUpsert(object: ImportObject, key: ImportKey): Upsert | undefined {
  return targets[object].get(key);
}

function keyOf(given: JsonObject, field: ImportKey, fold: (text: string) => string): string | undefined {
  const value = given[field];
  // NUL is refused when the row is read; PostgreSQL would already refuse to look for it.
  return typeof value === 'string' ? fold(value).replaceAll('\u0000', '\u2400') : undefined;
}
