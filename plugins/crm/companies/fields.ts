import {
  domainField,
  phoneField,
  requiredTextField,
  tagsField,
  websiteField,
} from '../fields/field-types.ts';
import type { FieldsOf } from '../fields/field.ts';

/** The fields of a company that callers write. */
export const companyFields = {
  name: requiredTextField(300, 'a company has a name', {
    description: 'Name as the company writes it.',
    headers: ['company', 'companyname', 'organisation', 'organization', 'accountname', 'firma'],
    search: 'words',
  }),
  domain: domainField({
    description: 'Internet domain, lower case; no two companies have the same one.',
    headers: ['companydomain', 'emaildomain'],
    search: 'words',
  }),
  phone: phoneField({
    description: 'Phone number as written.',
    headers: ['phonenumber', 'telephone', 'tel', 'telefon'],
  }),
  website: websiteField({
    description: 'Address of its website.',
    headers: ['url', 'homepage', 'web'],
  }),
  tags: tagsField(),
};

/** Their values. */
export type CompanyFields = FieldsOf<typeof companyFields>;
