import Type from 'typebox';
import type { Static } from 'typebox';
import { inputsOf, schemasOf } from '../fields/field.ts';
import { Id, bookkeeping, pageQuery, searchQuery } from '../fields/schemas.ts';
import { companyFields } from './fields.ts';

/** An organisation. */
export const Company = Type.Object(
  { id: Id, ...schemasOf(companyFields), ...bookkeeping },
  { title: 'Company' },
);
export type Company = Static<typeof Company>;

/** What a company is created with: its name at least. */
export const CompanyInput = Type.Object(inputsOf(companyFields), {
  title: 'CompanyInput',
  additionalProperties: false,
});
export type CompanyInput = Static<typeof CompanyInput>;

/** What a company is changed with. */
export const CompanyPatch = Type.Partial(CompanyInput, {
  title: 'CompanyPatch',
  additionalProperties: false,
});

/** Filters of the list of companies. */
export const CompanyFilter = Type.Object(searchQuery('name, domain or phone digits'));
export type CompanyFilter = Static<typeof CompanyFilter>;

/** Query of the list of companies. */
export const CompanyQuery = Type.Object({ ...CompanyFilter.properties, ...pageQuery });
