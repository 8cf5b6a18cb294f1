import type { Transaction } from '@orchestrall/sdk';
import type { CompanyFields } from '../companies/fields.ts';
import { companyKind } from '../companies/kind.ts';
import type { ContactFields } from '../contacts/fields.ts';
import { contactKind } from '../contacts/kind.ts';
import type { AssociationLink } from '../contract.ts';
import type { Queryable } from '../records/sql.ts';
import { selectionOf, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';
import type { CompanyContact, ContactCompany } from './schemas.ts';

interface Link {
  role: string | null;
  is_primary: boolean;
}

/** Companies of a contact after an id: those it is associated with, and its `company_id`. */
export async function listCompaniesOf(
  database: Queryable,
  contactId: string,
  after: string | undefined,
  limit: number,
): Promise<ContactCompany[]> {
  const statement = `select ${selectionOf(companyKind)}, associations.role,
      companies.id is not distinct from contacts.company_id as is_primary
    from contacts
    join companies on companies.id = contacts.company_id
      or companies.id in (select company_id from associations where contact_id = $1)
    left join associations on associations.contact_id = $1 and associations.company_id = companies.id
    where contacts.id = $1 and ($2::uuid is null or companies.id > $2)
    order by companies.id limit $3`;
  const rows = await database.query<RecordRow<CompanyFields> & Link>(statement, [
    contactId,
    after ?? null,
    limit,
  ]);
  return rows.map(({ role, is_primary, ...company }) => ({ company: toRecord(company), role, is_primary }));
}

/** Contacts of a company after an id: those associated with it, and those whose `company_id` it is. */
export async function listContactsOf(
  database: Queryable,
  companyId: string,
  after: string | undefined,
  limit: number,
): Promise<CompanyContact[]> {
  const statement = `select ${selectionOf(contactKind)}, associations.role,
      contacts.company_id is not distinct from $1::uuid as is_primary
    from (
      select id from contacts where company_id = $1
      union
      select contact_id from associations where company_id = $1
    ) as linked
    join contacts on contacts.id = linked.id
    left join associations on associations.contact_id = contacts.id and associations.company_id = $1
    where $2::uuid is null or contacts.id > $2
    order by contacts.id limit $3`;
  const rows = await database.query<RecordRow<ContactFields> & Link>(statement, [
    companyId,
    after ?? null,
    limit,
  ]);
  return rows.map(({ role, is_primary, ...contact }) => ({ contact: toRecord(contact), role, is_primary }));
}

/** An association that is there, locked; undefined when there is none. */
export async function findAssociation(
  tx: Transaction,
  contactId: string,
  companyId: string,
): Promise<AssociationLink | undefined> {
  const statement = `select contact_id, company_id, role from associations
    where contact_id = $1 and company_id = $2 for update`;
  const [row] = await tx.query<AssociationLink>(statement, [contactId, companyId]);
  return row;
}

/** Makes an association, or gives an existing one its role. */
export async function putAssociation(
  tx: Transaction,
  { contact_id, company_id, role }: AssociationLink,
): Promise<void> {
  const statement = `insert into associations (contact_id, company_id, role) values ($1, $2, $3)
    on conflict (contact_id, company_id) do update set role = excluded.role`;
  await tx.query(statement, [contact_id, company_id, role]);
}

/** Ends an association. */
export async function deleteAssociation(
  tx: Transaction,
  { contact_id, company_id }: AssociationLink,
): Promise<void> {
  const statement = 'delete from associations where contact_id = $1 and company_id = $2';
  await tx.query(statement, [contact_id, company_id]);
}
