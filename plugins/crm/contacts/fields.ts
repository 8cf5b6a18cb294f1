import { emailField, phoneField, referenceField, textField } from '@orchestrall/sdk/resources';
import type { FieldsOf } from '@orchestrall/sdk/resources';
import { foldEmail, foldedName } from '../fields/folded.ts';
import { ownerFields } from '../fields/owner-fields.ts';
import { tagsField } from '../fields/tags-field.ts';

/** The fields of a contact that callers write. */
export const contactFields = {
  first_name: textField(200, {
    description: 'Given name.',
    headers: ['givenname', 'forename', 'vorname'],
    search: 'words',
    folded: foldedName('first_name'),
  }),
  last_name: textField(200, {
    description: 'Family name.',
    headers: ['surname', 'familyname', 'nachname'],
    search: 'words',
    folded: foldedName('last_name'),
  }),
  email: emailField({
    description: 'E-mail; no two contacts have the same one in any spelling of case.',
    headers: ['mail', 'emailaddress', 'emailadresse'],
    search: 'words',
    folded: { column: 'email_key', fold: foldEmail },
  }),
  phone: phoneField({
    description: 'Phone number as written.',
    headers: ['phonenumber', 'telephone', 'tel', 'mobile', 'mobilephone', 'telefon'],
  }),
  company_id: referenceField({ description: 'The company the contact works for.' }),
  ...ownerFields(),
  tags: tagsField(),
};

/** Their values. */
export type ContactFields = FieldsOf<typeof contactFields>;
