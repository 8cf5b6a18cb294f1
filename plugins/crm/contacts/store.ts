import { sql } from 'kysely';
import type { Statement, Transaction } from '@orchestrall/sdk';
import { compose } from '../records/sql.ts';
import { cut, foldCase, maxKeyLength } from '../fields/text.ts';
import { isId } from '../fields/reader.ts';
import { keepTag } from '../fields/tag.ts';
import { phoneDigits, searchQuery, searchWords } from '../fields/search-words.ts';
import type { Queryable } from '../records/sql.ts';
import type { Contact, ContactFilter } from './schemas.ts';
import type { ContactFields } from './fields.ts';

const columns = [
  'id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'company_id',
  'tags',
  'created_at',
  'updated_at',
  'version',
] as const;
/** The columns of a contact, for a select list. */
export const selectedContact = columns.map((column) => `contacts.${column}`).join(', ');

/** What `json_to_recordset` reads a written contact as. */
const written = `written (id uuid, first_name text, last_name text, email text, email_key text, phone text,
  company_id uuid, tags text[], words text[])`;

/** A row of the table; instants are Dates. */
export type ContactRow = Omit<Contact, 'created_at' | 'updated_at'> & { created_at: Date; updated_at: Date };

/** The contact, or undefined. */
export async function findContact(database: Queryable, id: string): Promise<Contact | undefined> {
  if (!isId(id)) return undefined;
  const rows = await database.query<ContactRow>(`select ${selectedContact} from contacts where id = $1`, [
    id,
  ]);
  return rows.map(toContact)[0];
}

/** The contact with this e-mail in any spelling of case, or undefined. */
export async function findContactByEmail(database: Queryable, email: string): Promise<Contact | undefined> {
  const statement = `select ${selectedContact} from contacts where email_key = $1`;
  const rows = await database.query<ContactRow>(statement, [emailKey(email)]);
  return rows.map(toContact)[0];
}

/** Contacts after an id, in the order of their ids, which is that of their creation. */
export async function listContacts(
  database: Queryable,
  filter: ContactFilter,
  after: string | undefined,
  limit: number,
): Promise<Contact[]> {
  let query = selectContacts(filter).limit(limit);
  if (after !== undefined) query = query.where('id', '>', after);
  const rows = await database.query<ContactRow>(query.compile());
  return rows.map(toContact);
}

/** The statement that reads all contacts of a filter, for streaming; rows go through `toContact`. */
export function contactsOf(filter: ContactFilter): Statement {
  return selectContacts(filter).compile();
}

function selectContacts(filter: ContactFilter) {
  let query = compose.selectFrom('contacts').select(columns).orderBy('id');
  if (filter.company_id !== undefined) {
    const { company_id } = filter;
    query = query.where(isId(company_id) ? sql<boolean>`company_id = ${company_id}` : sql<boolean>`false`);
  }
  if (filter.tag !== undefined) {
    const tag = keepTag(filter.tag).text;
    query = query.where(
      tag === undefined ? sql<boolean>`false` : sql<boolean>`tags @> array[${tag}]::text[]`,
    );
  }
  if (filter.q !== undefined) {
    const words = searchQuery(filter.q);
    query = query.where(
      words === undefined ? sql<boolean>`false` : sql<boolean>`search @@ ${words}::tsquery`,
    );
  }
  return query;
}

/** Locks contacts for a change; those that are gone are absent. */
export async function lockContacts(tx: Transaction, ids: readonly string[]): Promise<Contact[]> {
  const statement = `select ${selectedContact} from contacts where id = any($1::uuid[]) order by id for update`;
  const rows = await tx.query<ContactRow>(statement, [ids]);
  return rows.map(toContact);
}

/** Locks the contacts with these e-mails for a change. */
export async function lockContactsByEmail(tx: Transaction, emails: readonly string[]): Promise<Contact[]> {
  const statement = `select ${selectedContact} from contacts where email_key = any($1::text[]) order by id for update`;
  const rows = await tx.query<ContactRow>(statement, [emails.map(emailKey)]);
  return rows.map(toContact);
}

/** Locks up to `limit` contacts of a company, after an id. */
export async function lockContactsOfCompany(
  tx: Transaction,
  companyId: string,
  limit: number,
): Promise<Contact[]> {
  const statement = `select ${selectedContact} from contacts where company_id = $1 order by id limit $2 for update`;
  const rows = await tx.query<ContactRow>(statement, [companyId, limit]);
  return rows.map(toContact);
}

/** Locks up to `limit` contacts that carry a tag. */
export async function lockContactsByTag(tx: Transaction, tag: string, limit: number): Promise<Contact[]> {
  const statement = `select ${selectedContact} from contacts where tags @> array[$1]::text[] order by id limit $2 for update`;
  const rows = await tx.query<ContactRow>(statement, [tag, limit]);
  return rows.map(toContact);
}

/** Counts the contacts whose company this is. */
export async function countContactsOfCompany(tx: Transaction, companyId: string): Promise<number> {
  const statement = 'select count(*)::integer as contacts from contacts where company_id = $1';
  const rows = await tx.query<{ contacts: number }>(statement, [companyId]);
  return rows[0]?.contacts ?? 0;
}

/** Inserts contacts; those whose e-mail another contact holds are absent from the answer. */
export async function insertContacts(
  tx: Transaction,
  contacts: readonly (ContactFields & { readonly id: string })[],
): Promise<Contact[]> {
  // Sorted, so that two writers of the same e-mails wait for each other instead of deadlocking.
  const statement = `insert into contacts
      (id, first_name, last_name, email, email_key, phone, company_id, tags, search)
    select id, first_name, last_name, email, email_key, phone, company_id, tags, array_to_tsvector(words)
    from json_to_recordset($1::json) as ${written}
    order by email_key
    on conflict (email_key) do nothing
    returning ${selectedContact}`;
  const rows = await tx.query<ContactRow>(statement, [JSON.stringify(contacts.map(toWritten))]);
  return rows.map(toContact);
}

/** Writes the fields of contacts that are locked; each version grows by one. */
export async function updateContacts(
  tx: Transaction,
  contacts: readonly (ContactFields & { readonly id: string })[],
): Promise<Contact[]> {
  const statement = `update contacts set
      first_name = written.first_name, last_name = written.last_name, email = written.email,
      email_key = written.email_key, phone = written.phone, company_id = written.company_id,
      tags = written.tags, search = array_to_tsvector(written.words),
      updated_at = clock_timestamp(), version = contacts.version + 1
    from json_to_recordset($1::json) as ${written}
    where contacts.id = written.id
    returning ${selectedContact}`;
  const rows = await tx.query<ContactRow>(statement, [JSON.stringify(contacts.map(toWritten))]);
  return rows.map(toContact);
}

/** Deletes a contact; its associations go with it. */
export async function deleteContact(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from contacts where id = $1', [id]);
}

/** The form by which two spellings of an e-mail are the same. */
export function emailKey(email: string): string {
  return cut(foldCase(email), maxKeyLength);
}

/** A row as a contact. */
export function toContact(row: ContactRow): Contact {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

function toWritten(contact: ContactFields & { readonly id: string }): object {
  const { first_name, last_name, email, phone } = contact;
  return {
    ...contact,
    email_key: email === null ? null : emailKey(email),
    words: searchWords(first_name, last_name, email, phoneDigits(phone)),
  };
}
