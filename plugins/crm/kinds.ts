import { companyKind } from './companies/kind.ts';
import { contactKind } from './contacts/kind.ts';
import type { RecordKind } from './records/kind.ts';

/** What every kind of record has among its fields. */
export interface CommonFields {
  readonly tags: string[];
}

/** Every kind of record, by the name of its table. */
export const recordKinds: Readonly<Record<RecordKind<object>['table'], RecordKind<CommonFields>>> = {
  contacts: contactKind,
  companies: companyKind,
};

/** The kind of record that a timeline calls by its name. */
export function kindNamed(name: RecordKind<object>['name']): RecordKind<CommonFields> {
  return name === 'contact' ? recordKinds.contacts : recordKinds.companies;
}
