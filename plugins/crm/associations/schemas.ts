import { Nullable, textField } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Company } from '../companies/schemas.ts';
import { Contact } from '../contacts/schemas.ts';

/** Longest role, characters. */
export const maxRoleLength = 100;

const link = {
  role: Nullable(Type.String({ description: 'What the contact is to the company.' })),
  is_primary: Type.Boolean({ description: 'Whether it is the contact’s `company_id`.' }),
};

/** A company of a contact. */
export const ContactCompany = Type.Object({ company: Company, ...link }, { title: 'ContactCompany' });
export type ContactCompany = Static<typeof ContactCompany>;

/** A contact of a company. */
export const CompanyContact = Type.Object({ contact: Contact, ...link }, { title: 'CompanyContact' });
export type CompanyContact = Static<typeof CompanyContact>;

/** What an association is made or changed with. */
export const AssociationInput = Type.Object(
  { role: textField(maxRoleLength, { description: 'What the contact is to the company.' }).input },
  { title: 'AssociationInput', additionalProperties: false },
);
