import { companyKind } from './companies/kind.ts';
import { contactKind } from './contacts/kind.ts';
import type { KindName, RecordKind, TableName } from './records/kind.ts';

/** Every kind of record, by the name of its table. */
export const recordKinds: Readonly<Record<TableName, RecordKind>> = {
  contacts: contactKind,
  companies: companyKind,
};

/** The kind of record that a timeline calls by its name. */
export function kindNamed(name: KindName): RecordKind {
  return name === 'contact' ? recordKinds.contacts : recordKinds.companies;
}
