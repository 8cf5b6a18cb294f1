import type { Database, Transaction } from '@orchestrall/sdk';
import { changeRecords } from '../records/change-records.ts';
import { crmError } from '../errors.ts';
import { requireFields, requireOnly, requirePatched } from '../fields/require.ts';
import { isId } from '../fields/reader.ts';
import { readPage } from '../paging/cursor.ts';
import { checkVersion } from '../records/if-match.ts';
import { recordDeletion } from '../timeline/history.ts';
import type { Actor } from '../contract.ts';
import type { Page, PageRequest } from '../paging/cursor.ts';
import type { Queryable } from '../records/sql.ts';
import { contactFieldsOf, readContactFields } from './fields.ts';
import { deleteContact, findContact, findContactByEmail, listContacts, lockContacts } from './store.ts';
import { contactAnnouncements, createContacts, editContacts } from './write.ts';
import type { Contact, ContactFilter } from './schemas.ts';

/** Decisions about contacts. */
export interface Contacts {
  /** Throws `CONTACT_NOT_FOUND`. */
  get(id: string): Promise<Contact>;
  find(id: string): Promise<Contact | undefined>;
  findByEmail(email: string): Promise<Contact | undefined>;
  /** Oldest first. Throws `CURSOR_INVALID`. */
  list(filter: ContactFilter, page: PageRequest): Promise<Page<Contact>>;
  /** Throws `VALIDATION_FAILED`, `EMAIL_TAKEN`. */
  create(input: unknown, by: Actor): Promise<Contact>;
  /**
   * Applies a JSON merge patch; a patch that changes nothing leaves the version as it is.
   * Throws `CONTACT_NOT_FOUND`, `VERSION_MISMATCH`, `VALIDATION_FAILED`, `EMAIL_TAKEN`.
   */
  update(id: string, patch: unknown, by: Actor, ifMatch?: string): Promise<Contact>;
  /** Deletes for good; what it was stays in the audit entries. Throws `CONTACT_NOT_FOUND`, `VERSION_MISMATCH`. */
  remove(id: string, ifMatch?: string): Promise<void>;
}

/** Creates the service of contacts. */
export function createContactService(database: Database): Contacts {
  return {
    get: (id) => requireContact(database, id),
    find: (id) => findContact(database, id),
    findByEmail: (email) => findContactByEmail(database, email),

    list(filter, page) {
      const list = `contacts:${JSON.stringify([filter.q, filter.company_id, filter.tag])}`;
      const load = (after: string | undefined, limit: number) => listContacts(database, filter, after, limit);
      return readPage(list, page, (contact) => contact.id, load);
    },

    async create(input, by) {
      const fields = requireFields(input, readContactFields);
      return changeRecords(database, async (tx) => requireOnly(await createContacts(tx, [fields], by)));
    },

    update: (id, patch, by, ifMatch) =>
      changeRecords(database, async (tx) => {
        const before = await lockContact(tx, id);
        checkVersion(before, ifMatch);
        const fields = requirePatched(contactFieldsOf(before), patch, readContactFields);
        return requireOnly(await editContacts(tx, [{ before, fields }], by));
      }),

    remove: (id, ifMatch) =>
      changeRecords(database, async (tx) => {
        const contact = await lockContact(tx, id);
        checkVersion(contact, ifMatch);
        await deleteContact(tx, id);
        await recordDeletion(tx, contactAnnouncements, contact);
      }),
  };
}

/** The contact; throws `CONTACT_NOT_FOUND`. */
export async function requireContact(database: Queryable, id: string): Promise<Contact> {
  const contact = await findContact(database, id);
  if (contact === undefined) throw crmError('CONTACT_NOT_FOUND', { id });
  return contact;
}

/** The contact, locked until the transaction ends; throws `CONTACT_NOT_FOUND`. */
export async function lockContact(tx: Transaction, id: string): Promise<Contact> {
  const [contact] = isId(id) ? await lockContacts(tx, [id]) : [];
  if (contact === undefined) throw crmError('CONTACT_NOT_FOUND', { id });
  return contact;
}
