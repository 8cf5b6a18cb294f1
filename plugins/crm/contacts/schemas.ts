import Type from 'typebox';
import type { Static } from 'typebox';
import { inputsOf, schemasOf } from '../fields/field.ts';
import { Id, bookkeeping, pageQuery, searchQuery } from '../fields/schemas.ts';
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

/** Filters of the list of contacts. */
export const ContactFilter = Type.Object({
  ...searchQuery('name, e-mail or phone digits'),
  company_id: Type.Optional(Id),
});
export type ContactFilter = Static<typeof ContactFilter>;

/** Query of the list of contacts. */
export const ContactQuery = Type.Object({ ...ContactFilter.properties, ...pageQuery });
