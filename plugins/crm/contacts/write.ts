import { createId, validationFailed } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import { contactCreated, contactDeleted, contactUpdated } from '../contract.ts';
import { keepCompanies } from '../companies/store.ts';
import { crmError } from '../errors.ts';
import { changesBetween, recordCreations, recordUpdates } from '../timeline/history.ts';
import type { Actor } from '../contract.ts';
import type { Announcements } from '../timeline/history.ts';
import { contactFieldsOf } from './fields.ts';
import {
  emailKey,
  findContactByEmail,
  insertContacts,
  lockContactsByEmail,
  updateContacts,
} from './store.ts';
import type { ContactFields } from './fields.ts';
import type { Contact } from './schemas.ts';

/** How contacts tell others what happened to them. */
export const contactAnnouncements: Announcements<Contact> = {
  subjectType: 'contact',
  created: (tx, contact) => void tx.emit(contactCreated, { contact }, { subject: contact.id }),
  updated: (tx, contact, changed) =>
    void tx.emit(contactUpdated, { contact, changed }, { subject: contact.id }),
  deleted: (tx, contact) => void tx.emit(contactDeleted, { contact }, { subject: contact.id }),
};

/** A locked contact and what its fields shall be. */
export interface ContactEdit {
  readonly before: Contact;
  readonly fields: ContactFields;
}

/**
 * Creates contacts with their events, audit entries and timelines. In place of a contact that cannot be created
 * stands the reason: `EMAIL_TAKEN`, or `VALIDATION_FAILED` for a company that does not exist.
 */
export async function createContacts(
  tx: Transaction,
  given: readonly ContactFields[],
  actor: Actor,
): Promise<(Contact | AppError)[]> {
  const companies = await keptCompanies(tx, given);
  const planned = given.map((fields) => ({
    id: createId(),
    fields,
    refusal: companyFault(companies, fields),
  }));
  const insertable = planned.flatMap(({ id, fields, refusal }) =>
    refusal === undefined ? [{ ...fields, id }] : [],
  );
  const inserted = insertable.length === 0 ? [] : await insertContacts(tx, insertable);
  await recordCreations(tx, contactAnnouncements, inserted, actor);
  const byId = new Map(inserted.map((contact) => [contact.id, contact]));
  const results: (Contact | AppError)[] = [];
  for (const { id, fields, refusal } of planned) {
    results.push(refusal ?? byId.get(id) ?? (await emailTaken(tx, fields.email ?? '')));
  }
  return results;
}

/**
 * Gives locked contacts new fields, with events, audit entries and timelines. One that would not change stays as
 * it is and is told to nobody. In place of one that cannot be changed stands the reason, as in `createContacts`.
 */
export async function editContacts(
  tx: Transaction,
  edits: readonly ContactEdit[],
  actor: Actor,
): Promise<(Contact | AppError)[]> {
  const companies = await keptCompanies(
    tx,
    edits.map((edit) => edit.fields),
  );
  const holders = await emailHolders(tx, edits);
  const planned = edits.map((edit) => ({ ...edit, refusal: refusalOf(edit, companies, holders) }));
  const changing = planned.filter(
    ({ before, fields, refusal }) => refusal === undefined && differs(before, fields),
  );
  const written = changing.map(({ before, fields }) => ({ ...fields, id: before.id }));
  const updated = written.length === 0 ? [] : await updateContacts(tx, written);
  const after = new Map(updated.map((contact) => [contact.id, contact]));
  const updates = changing.flatMap(({ before }) => {
    const contact = after.get(before.id);
    return contact === undefined ? [] : [{ before, after: contact }];
  });
  await recordUpdates(tx, contactAnnouncements, updates, actor);
  return planned.map(({ before, refusal }) => refusal ?? after.get(before.id) ?? before);
}

function differs(before: Contact, fields: ContactFields): boolean {
  return Object.keys(changesBetween(contactFieldsOf(before), fields)).length > 0;
}

async function keptCompanies(tx: Transaction, given: readonly ContactFields[]): Promise<Set<string>> {
  const ids = new Set(given.flatMap((fields) => fields.company_id ?? []));
  return ids.size === 0 ? ids : keepCompanies(tx, [...ids]);
}

/** Who holds the e-mails that are about to be taken. */
async function emailHolders(tx: Transaction, edits: readonly ContactEdit[]): Promise<Map<string, string>> {
  const wanted = edits.flatMap(({ before, fields }) => {
    const email = fields.email;
    return email === null || sameEmail(before.email, email) ? [] : [email];
  });
  const holders = wanted.length === 0 ? [] : await lockContactsByEmail(tx, wanted);
  return new Map(holders.map((contact) => [emailKey(contact.email ?? ''), contact.id]));
}

function refusalOf(
  edit: ContactEdit,
  companies: Set<string>,
  holders: Map<string, string>,
): AppError | undefined {
  const { email } = edit.fields;
  const holder = email === null ? undefined : holders.get(emailKey(email));
  if (holder !== undefined && holder !== edit.before.id)
    return crmError('EMAIL_TAKEN', { email, id: holder });
  return companyFault(companies, edit.fields);
}

function companyFault(companies: Set<string>, fields: ContactFields): AppError | undefined {
  if (fields.company_id === null || companies.has(fields.company_id)) return undefined;
  const message = `must be the id of a company; no company has the id ${fields.company_id}`;
  return validationFailed([{ path: '/company_id', message }]);
}

async function emailTaken(tx: Transaction, email: string): Promise<AppError> {
  const holder = await findContactByEmail(tx, email);
  return crmError('EMAIL_TAKEN', { email, id: holder?.id ?? 'another contact' });
}

function sameEmail(left: string | null, right: string): boolean {
  return left !== null && emailKey(left) === emailKey(right);
}
