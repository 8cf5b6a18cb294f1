import { companyCreated, companyDeleted, companyUpdated } from '../contract.ts';
import { crmError } from '../errors.ts';
import { readFields } from '../fields/field.ts';
import { cut, foldAccents, foldCase, maxKeyLength } from '../fields/text.ts';
import type { RecordKey, RecordKind } from '../records/kind.ts';
import { companyFields } from './fields.ts';
import type { CompanyFields } from './fields.ts';

/** No two companies have one domain; it is kept in lower case. */
const companyDomain: RecordKey<CompanyFields> = {
  column: 'domain',
  of: ({ domain }) => domain,
  fold: foldCase,
  taken: (domain, id) => crmError('DOMAIN_TAKEN', { domain, id }),
};

/** Several companies may have one name; spellings that differ in case, accents and spaces are one name. */
const companyName: RecordKey<CompanyFields> = {
  column: 'name_key',
  of: ({ name }) => name,
  fold: (name) => cut(foldAccents(name).replaceAll(/\s+/gu, ' '), maxKeyLength),
};

/** A company among the records: what `records/` needs to know to find, write and tell it. */
export const companyKind: RecordKind<CompanyFields> = {
  name: 'company',
  table: 'companies',
  fields: companyFields,
  keys: { domain: companyDomain, name: companyName },

  read: (given) => readFields(companyFields, given),
  notFound: (id) => crmError('COMPANY_NOT_FOUND', { id }),
  created: (tx, company) => void tx.emit(companyCreated, { company }, { subject: company.id }),
  updated: (tx, company, changed) =>
    void tx.emit(companyUpdated, { company, changed }, { subject: company.id }),
  deleted: (tx, company) => void tx.emit(companyDeleted, { company }, { subject: company.id }),
};
