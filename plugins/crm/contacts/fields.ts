import { FieldReader } from '../fields/reader.ts';
import type { Checked } from '../fields/reader.ts';
import type { Contact } from './schemas.ts';

/** The fields of a contact that callers write. */
export type ContactFields = Omit<Contact, 'id' | 'created_at' | 'updated_at' | 'version'>;

/** Reads and checks the fields of a contact, from wherever they came. */
export function readContactFields(given: Readonly<Record<string, unknown>>): Checked<ContactFields> {
  const reader = new FieldReader(given);
  const fields: ContactFields = {
    first_name: reader.text('first_name', 200),
    last_name: reader.text('last_name', 200),
    email: reader.email('email'),
    phone: reader.phone('phone'),
    company_id: reader.id('company_id'),
    tags: reader.tags('tags'),
  };
  const checked = reader.end(fields);
  if (checked.faults.length > 0 || fields.first_name || fields.last_name || fields.email) return checked;
  return { fields, faults: [{ path: '', message: 'must hold a first_name, a last_name or an email' }] };
}

/** The fields of a contact that callers write, as they are now. */
export function contactFieldsOf(contact: Contact): ContactFields {
  const { first_name, last_name, email, phone, company_id, tags } = contact;
  return { first_name, last_name, email, phone, company_id, tags };
}
