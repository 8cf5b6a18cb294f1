import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { searchFilters } from '../fields/schemas.ts';
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

/** Filters of the list of companies beside those of every list. */
export const companyFilters = searchFilters('name, domain or phone digits');
