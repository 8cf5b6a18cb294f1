import { validationFailed } from '@orchestrall/sdk';
import { readFields } from '@orchestrall/sdk/resources';
import { contactCreated, contactDeleted, contactUpdated } from '../contract.ts';
import { crmError, holderOf } from '../errors.ts';
import { foldEmail } from '../fields/folded.ts';
import type { KindOptions, RecordKey, RecordKind } from '../records/kind.ts';
import { inputSchema, recordSchema } from '../records/schemas.ts';
import { holdExisting } from '../records/store.ts';
import { contactFields } from './fields.ts';
import type { ContactFields } from './fields.ts';
import { contactFilters } from './schemas.ts';

/** No two contacts have one e-mail, in whatever spelling of case. */
export const contactEmail: RecordKey<ContactFields> = {
  column: 'email_key',
  of: ({ email }) => email,
  fold: foldEmail,
  taken: (email, id) => crmError('EMAIL_TAKEN', { email, ...holderOf('contact', id) }),
};

/** A contact among the records: what `records/` needs to know to find, write and tell it. */
export function createContactKind({ access, custom = {} }: KindOptions): RecordKind<ContactFields> {
  const all: typeof contactFields = { ...contactFields, ...custom };
  return {
    name: 'contact',
    table: 'contacts',
    path: '/api/v1/crm/contacts',
    fields: all,
    record: recordSchema('Contact', all),
    input: inputSchema('ContactInput', all),
    titles: ['first_name', 'last_name'],
    filters: contactFilters,
    keys: { email: contactEmail },
    references: { company_id: 'company' },
    events: { created: contactCreated, updated: contactUpdated, deleted: contactDeleted },

    read(given) {
      const read = readFields(all, given);
      const { first_name, last_name, email } = read.fields;
      if (read.faults.length > 0 || (first_name ?? last_name ?? email) !== null) return read;
      return {
        fields: read.fields,
        faults: [{ path: '', message: 'must hold a first_name, a last_name or an email' }],
      };
    },

    async holdReferences(tx, given) {
      const ids = new Set(given.flatMap(({ fields }) => fields.company_id ?? []));
      const companies = await holdExisting('companies', tx, ids);
      return {
        faultOf({ company_id }) {
          if (company_id === null || companies.has(company_id)) return undefined;
          const message = `must be the id of a company; no company has the id ${company_id}`;
          return validationFailed([{ path: '/company_id', message }]);
        },
      };
    },

    audienceOf: (record) => access.audienceOf('contact', record),
    notFound: (id) => crmError('CONTACT_NOT_FOUND', { id }),
  };
}
