import { foldCase, readFields } from '@orchestrall/sdk/resources';
import { companyCreated, companyDeleted, companyUpdated } from '../contract.ts';
import { crmError, holderOf } from '../errors.ts';
import { foldName } from '../fields/folded.ts';
import type { KindOptions, RecordKey, RecordKind } from '../records/kind.ts';
import { inputSchema, recordSchema } from '../records/schemas.ts';
import { companyFields } from './fields.ts';
import type { CompanyFields } from './fields.ts';
import { holdParents } from './hierarchy.ts';
import { companyFilters } from './schemas.ts';

/** No two companies have one domain; it is kept in lower case. */
const companyDomain: RecordKey<CompanyFields> = {
  column: 'domain',
  of: ({ domain }) => domain,
  fold: foldCase,
  taken: (domain, id) => crmError('DOMAIN_TAKEN', { domain, ...holderOf('company', id) }),
};

/** Several companies may have one name; spellings that differ in case, accents and spaces are one name. */
const companyName: RecordKey<CompanyFields> = {
  column: 'name_key',
  of: ({ name }) => name,
  fold: foldName,
};

/** A company among the records: what `records/` needs to know to find, write and tell it. */
export function createCompanyKind({ access, custom = {} }: KindOptions): RecordKind<CompanyFields> {
  const fields: typeof companyFields = { ...companyFields, ...custom };
  return {
    name: 'company',
    table: 'companies',
    path: '/api/v1/crm/companies',
    fields,
    record: recordSchema('Company', fields),
    input: inputSchema('CompanyInput', fields),
    filters: companyFilters,
    keys: { domain: companyDomain, name: companyName },
    references: { parent_id: 'company' },
    events: { created: companyCreated, updated: companyUpdated, deleted: companyDeleted },

    read: (given) => readFields(fields, given),
    holdReferences: holdParents,
    audienceOf: (record) => access.audienceOf('company', record),
    notFound: (id) => crmError('COMPANY_NOT_FOUND', { id }),
  };
}
