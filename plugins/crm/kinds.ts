import type { Transaction } from '@orchestrall/sdk';
import type { ActivityFields } from './activities/fields.ts';
import { createActivityKind } from './activities/kind.ts';
import { releaseActivities } from './activities/release.ts';
import { releaseAssociations } from './associations/release.ts';
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
import type {
  CommonFields,
  KindName,
  NotedChange,
  RecordKind,
  SubjectType,
  TableName,
} from './records/kind.ts';

/** Every kind of record, by the name of its table. */
export interface Kinds {
  readonly contacts: RecordKind<ContactFields>;
  readonly companies: RecordKind<CompanyFields>;
  readonly deals: RecordKind<DealFields>;
  readonly activities: RecordKind<ActivityFields>;
}

const noFields: CustomFieldSet = { fields: {}, definitions: new Map() };

/** What the client's YAML says of kinds of records. */
export interface KindSettings {
  /** Of deals that name none; ISO 4217, default `EUR`. */
  readonly currency: string;
  /** Lists records for an outside system, see `RecordKind.noted`; default nothing is listed. */
  readonly noted?:
    | ((tx: Transaction, table: TableName, changes: readonly NotedChange[]) => Promise<void>)
    | undefined;
}

/** The tables of the kinds of records. */
export const tablesByKind = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
  activity: 'activities',
} as const;

/** The names of the kinds by their tables. */
export const kindsByTable: KindNames = {
  contacts: 'contact',
  companies: 'company',
  deals: 'deal',
  activities: 'activity',
};

/** Makes the kinds of records as they are in one generation of the plugin, with the fields that administrators have added. */
export function createKinds(
  access: Access,
  { contacts = noFields, companies = noFields, deals = noFields, activities = noFields }: CustomFieldSets,
  { currency, noted }: KindSettings = { currency: 'EUR' },
): Kinds {
  /** A record that is deleted leaves the activities about it, and its associations. */
  const related = <Fields extends CommonFields>(
    name: SubjectType,
    kind: RecordKind<Fields>,
  ): RecordKind<Fields> => ({
    ...kind,
    async released(tx, record, by) {
      await releaseActivities(kinds.activities, tx, record.id, by);
      const released = { kind: name, id: record.id };
      await releaseAssociations((other) => kindNamed(kinds, other), tx, released, record);
    },
  });
  const plain = {
    contacts: related('contact', createContactKind({ access, custom: contacts.fields })),
    companies: related('company', createCompanyKind({ access, custom: companies.fields })),
    deals: related('deal', createDealKind({ access, custom: deals.fields, currency })),
    activities: createActivityKind({ access, custom: activities.fields, tables: tablesByKind }),
  };
  const noting = <Fields extends CommonFields>(kind: RecordKind<Fields>): RecordKind<Fields> =>
    noted === undefined ? kind : { ...kind, noted: (tx, changes) => noted(tx, kind.table, changes) };
  const kinds: Kinds = {
    contacts: noting(withCustomFields(plain.contacts, contacts, kindsByTable)),
    companies: noting(withCustomFields(plain.companies, companies, kindsByTable)),
    deals: noting(withCustomFields(plain.deals, deals, kindsByTable)),
    activities: noting(withCustomFields(plain.activities, activities, kindsByTable)),
  };
  return kinds;
}

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
  activities: { kind: 'activity', builtIn: recordKinds.activities.fields },
};
