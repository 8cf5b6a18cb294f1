import { FieldReader } from '../fields/reader.ts';
import type { Checked } from '../fields/reader.ts';
import type { Company } from './schemas.ts';

/** The fields of a company that callers write. */
export type CompanyFields = Omit<Company, 'id' | 'created_at' | 'updated_at' | 'version'>;

/** Reads and checks the fields of a company, from wherever they came. */
export function readCompanyFields(given: Readonly<Record<string, unknown>>): Checked<CompanyFields> {
  const reader = new FieldReader(given);
  const fields: CompanyFields = {
    name: reader.text('name', 300) ?? '',
    domain: reader.domain('domain'),
    phone: reader.phone('phone'),
    website: reader.website('website'),
    tags: reader.tags('tags'),
  };
  const checked = reader.end(fields);
  if (checked.faults.length > 0 || fields.name !== '') return checked;
  return { fields, faults: [{ path: '/name', message: 'must be given; a company has a name' }] };
}

/** The fields of a company that callers write, as they are now. */
export function companyFieldsOf(company: Company): CompanyFields {
  const { name, domain, phone, website, tags } = company;
  return { name, domain, phone, website, tags };
}
