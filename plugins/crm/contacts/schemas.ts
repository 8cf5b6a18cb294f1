import { Id, bookkeeping, inputsOf, schemasOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';
import { searchFilters } from '../fields/schemas.ts';
import { contactFields } from './fields.ts';

/** A person. */
export const Contact = Type.Object(
  { id: Id, ...schemasOf(contactFields), ...bookkeeping },
  { title: 'Contact' },
);
export type Contact = Static<typeof Contact>;

/** What a contact is created with, at least a name or an e-mail, and what it is changed with. */
export const ContactInput = Type.Object(inputsOf(contactFields), {
  title: 'ContactInput',
  additionalProperties: false,
});
export type ContactInput = Static<typeof ContactInput>;

/** Filters of the list of contacts beside those of every list. */
export const contactFilters = {
  ...searchFilters('name, e-mail or phone digits'),
  company_id: Type.Optional(Id),
};
