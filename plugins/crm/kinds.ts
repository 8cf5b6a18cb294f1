import type { FieldSet } from '@orchestrall/sdk/resources';
import { openAccess } from './records/access.ts';
import type { Access } from './records/access.ts';
import type { CompanyFields } from './companies/fields.ts';
import { createCompanyKind } from './companies/kind.ts';
import type { ContactFields } from './contacts/fields.ts';
import { createContactKind } from './contacts/kind.ts';
import type { DealFields } from './deals/fields.ts';
import { createDealKind } from './deals/kind.ts';
import type { KindName, RecordKind, TableName } from './records/kind.ts';

/** Every kind of record, by the name of its table. */
export interface Kinds {
  readonly contacts: RecordKind<ContactFields>;
  readonly companies: RecordKind<CompanyFields>;
  readonly deals: RecordKind<DealFields>;
}

/** Fields that administrators have added, by the table of their kind. */
export type CustomFieldSets = Readonly<Partial<Record<TableName, FieldSet>>>;

/** What the client's YAML says of kinds of records. */
export interface KindSettings {
  /** Of deals that name none; ISO 4217, default `EUR`. */
  readonly currency: string;
}

/** Makes the kinds of records as they are in one generation of the plugin. */
export function createKinds(
  access: Access,
  { contacts = {}, companies = {}, deals = {} }: CustomFieldSets,
  { currency }: KindSettings = { currency: 'EUR' },
): Kinds {
  return {
    contacts: createContactKind({ access, custom: contacts }),
    companies: createCompanyKind({ access, custom: companies }),
    deals: createDealKind({ access, custom: deals, currency }),
  };
}

/** The tables of the kinds of records. */
export const tablesByKind = { contact: 'contacts', company: 'companies', deal: 'deals' } as const;

/** The kind of record that a timeline calls by its name. */
export function kindNamed(kinds: Kinds, name: KindName): RecordKind {
  return kinds[tablesByKind[name]];
}

/** The kinds without rules and added fields. */
export const recordKinds: Kinds = createKinds(openAccess(), {});
