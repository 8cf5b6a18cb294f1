import {
  domainField,
  foldCase,
  phoneField,
  referenceField,
  requiredTextField,
  websiteField,
} from '@orchestrall/sdk/resources';
import type { FieldsOf } from '@orchestrall/sdk/resources';
import { foldName } from '../fields/folded.ts';
import { ownerFields } from '../fields/owner-fields.ts';
import { tagsField } from '../fields/tags-field.ts';

/** The fields of a company that callers write. */
export const companyFields = {
  name: requiredTextField(300, 'a company has a name', {
    description: 'Name as the company writes it.',
    headers: ['company', 'companyname', 'organisation', 'organization', 'accountname', 'firma'],
    search: 'words',
    folded: { column: 'name_key', fold: foldName },
  }),
  domain: domainField({
    description: 'Internet domain, lower case; no two companies have the same one.',
    headers: ['companydomain', 'emaildomain'],
    search: 'words',
    folded: { column: 'domain', fold: foldCase },
  }),
  phone: phoneField({
    description: 'Phone number as written.',
    headers: ['phonenumber', 'telephone', 'tel', 'telefon'],
  }),
  website: websiteField({
    description: 'Address of its website.',
    headers: ['url', 'homepage', 'web'],
  }),
  parent_id: referenceField({ description: 'The company it belongs to; no company is above itself.' }),
  ...ownerFields(),
  tags: tagsField(),
};

/** Their values. */
export type CompanyFields = FieldsOf<typeof companyFields>;
