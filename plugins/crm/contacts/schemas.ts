import Type from 'typebox';
import type { Static } from 'typebox';
import { Id, Nullable, Tags, TextField, pageQuery, recordFields } from '../fields/schemas.ts';

const fields = {
  first_name: TextField('Given name.', 200),
  last_name: TextField('Family name.', 200),
  email: TextField('E-mail; no two contacts have the same one in any spelling of case.', 254),
  phone: TextField('Phone number as written.', 50),
  company_id: Nullable(Id),
};

/** A person. */
export const Contact = Type.Object({ id: Id, ...fields, ...recordFields }, { title: 'Contact' });
export type Contact = Static<typeof Contact>;

/** What a contact is created with: at least a name or an e-mail. */
export const ContactInput = Type.Partial(Type.Object({ ...fields, tags: Nullable(Tags) }), {
  title: 'ContactInput',
  additionalProperties: false,
});
export type ContactInput = Static<typeof ContactInput>;

/** Filters of the list of contacts. */
export const ContactFilter = Type.Object({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Each word must begin a word of the name, e-mail or phone digits; case and accents do not matter.',
    }),
  ),
  company_id: Type.Optional(Id),
  tag: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
});
export type ContactFilter = Static<typeof ContactFilter>;

/** Query of the list of contacts. */
export const ContactQuery = Type.Object({ ...ContactFilter.properties, ...pageQuery });
