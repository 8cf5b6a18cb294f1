import { openAccess } from './records/access.ts';
import type { Access } from './records/access.ts';
import type { CompanyFields } from './companies/fields.ts';
import { createCompanyKind } from './companies/kind.ts';
import type { ContactFields } from './contacts/fields.ts';
import { createContactKind } from './contacts/kind.ts';
import type { DealFields } from './deals/fields.ts';
import { createDealKind } from './deals/kind.ts';
import type { CustomFieldSet, CustomFieldSets } from './custom-fields/field-sets.ts';
import { withCustomFields } from './custom-fields/with-custom-fields.ts';
import type { KindOfFields } from './custom-fields/service.ts';
import type { KindNames } from './custom-fields/with-custom-fields.ts';
import type { KindName, RecordKind, TableName } from './records/kind.ts';

/** Every kind of record, by the name of its table. */
export interface Kinds {
  readonly contacts: RecordKind<ContactFields>;
  readonly companies: RecordKind<CompanyFields>;
  readonly deals: RecordKind<DealFields>;
}

const noFields: CustomFieldSet = { fields: {}, definitions: new Map() };

/** What the client's YAML says of kinds of records. */
export interface KindSettings {
  /** Of deals that name none; ISO 4217, default `EUR`. */
  readonly currency: string;
}

/** Makes the kinds of records as they are in one generation of the plugin, with the fields that administrators have added. */
export function createKinds(
  access: Access,
  { contacts = noFields, companies = noFields, deals = noFields }: CustomFieldSets,
  { currency }: KindSettings = { currency: 'EUR' },
): Kinds {
  const kinds = {
    contacts: createContactKind({ access, custom: contacts.fields }),
    companies: createCompanyKind({ access, custom: companies.fields }),
    deals: createDealKind({ access, custom: deals.fields, currency }),
  };
  return {
    contacts: withCustomFields(kinds.contacts, contacts, kindsByTable),
    companies: withCustomFields(kinds.companies, companies, kindsByTable),
    deals: withCustomFields(kinds.deals, deals, kindsByTable),
  };
}

/** The names of the kinds by their tables. */
export const kindsByTable: KindNames = { contacts: 'contact', companies: 'company', deals: 'deal' };

/** The tables of the kinds of records. */
export const tablesByKind = { contact: 'contacts', company: 'companies', deal: 'deals' } as const;

/** The kind of record that a timeline calls by its name. */
export function kindNamed(kinds: Kinds, name: KindName): RecordKind {
  return kinds[tablesByKind[name]];
}

/** The kinds without rules and added fields. */
export const recordKinds: Kinds = createKinds(openAccess(), {});

/** What custom fields need to know of each kind. */
export const kindsOfFields: Readonly<Record<TableName, KindOfFields>> = {
  contacts: { kind: 'contact', builtIn: recordKinds.contacts.fields },
  companies: { kind: 'company', builtIn: recordKinds.companies.fields },
  deals: { kind: 'deal', builtIn: recordKinds.deals.fields },
};
