import Type from 'typebox';
import type { Static } from 'typebox';
import { Id, Nullable, Tags, TextField, pageQuery, recordFields } from '../fields/schemas.ts';

const name = Type.String({ minLength: 1, maxLength: 300, description: 'Name as the company writes it.' });
const fields = {
  domain: TextField('Internet domain, lower case; no two companies have the same one.', 253),
  phone: TextField('Phone number as written.', 50),
  website: TextField('Address of its website.', 2_000),
};

/** An organisation. */
export const Company = Type.Object({ id: Id, name, ...fields, ...recordFields }, { title: 'Company' });
export type Company = Static<typeof Company>;

/** What a company is created with: its name at least. */
export const CompanyInput = Type.Object(
  { name, ...Type.Partial(Type.Object({ ...fields, tags: Nullable(Tags) })).properties },
  { title: 'CompanyInput', additionalProperties: false },
);
export type CompanyInput = Static<typeof CompanyInput>;

/** What a company is changed with. */
export const CompanyPatch = Type.Partial(CompanyInput, {
  title: 'CompanyPatch',
  additionalProperties: false,
});

/** Filters of the list of companies. */
export const CompanyFilter = Type.Object({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Each word must begin a word of the name, domain or phone digits; case and accents do not matter.',
    }),
  ),
  tag: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
});
export type CompanyFilter = Static<typeof CompanyFilter>;

/** Query of the list of companies. */
export const CompanyQuery = Type.Object({ ...CompanyFilter.properties, ...pageQuery });
