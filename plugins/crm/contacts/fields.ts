import { emailField, phoneField, referenceField, tagsField, textField } from '../fields/field-types.ts';
import type { FieldsOf } from '../fields/field.ts';

/** The fields of a contact that callers write. */
export const contactFields = {
  first_name: textField(200, {
    description: 'Given name.',
    headers: ['givenname', 'forename', 'vorname'],
    search: 'words',
  }),
  last_name: textField(200, {
    description: 'Family name.',
    headers: ['surname', 'familyname', 'nachname'],
    search: 'words',
  }),
  email: emailField({
    description: 'E-mail; no two contacts have the same one in any spelling of case.',
    headers: ['mail', 'emailaddress', 'emailadresse'],
    search: 'words',
  }),
  phone: phoneField({
    description: 'Phone number as written.',
    headers: ['phonenumber', 'telephone', 'tel', 'mobile', 'mobilephone', 'telefon'],
  }),
  company_id: referenceField(),
  tags: tagsField(),
};

/** Their values. */
export type ContactFields = FieldsOf<typeof contactFields>;
