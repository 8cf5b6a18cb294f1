import type { Transaction } from '@orchestrall/sdk';
import { idOrder, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { AssociationLink } from '../contract.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { selectionSql, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';

/** What a record is to the one whose list it stands in. */
export interface Linked<Fields> {
  readonly record: Kept<Fields>;
  readonly role: string | null;
  /** Whether the contact has the company as its `company_id`. */
  readonly is_primary: boolean;
}

/** One side of the associations: whose list is read, and what it lists. */
interface Side<Fields extends CommonFields> {
  readonly listed: RecordKind<Fields>;
  /** Ids of the listed records, of which `$1` is the other side. */
  readonly linked: (id: string) => Sql;
  readonly association: (id: string) => Sql;
  readonly isPrimary: (id: string) => Sql;
}

/** Companies that a contact is associated with, and its `company_id`. */
export function companiesOf<Fields extends CommonFields>(listed: RecordKind<Fields>): Side<Fields> {
  return {
    listed,
    linked: (id) => sql`select company_id from contacts where id = ${id}
      union select company_id from associations where contact_id = ${id}`,
    association: (id) => sql`associations.contact_id = ${id} and associations.company_id = companies.id`,
    isPrimary: (id) => sql`exists (select 1 from contacts where id = ${id} and company_id = companies.id)`,
  };
}

/** Contacts that are associated with a company, and those whose `company_id` it is. */
export function contactsOf<Fields extends CommonFields>(listed: RecordKind<Fields>): Side<Fields> {
  return {
    listed,
    linked: (id) => sql`select id from contacts where company_id = ${id}
      union select contact_id from associations where company_id = ${id}`,
    association: (id) => sql`associations.company_id = ${id} and associations.contact_id = contacts.id`,
    isPrimary: (id) => sql`contacts.company_id is not distinct from ${id}::uuid`,
  };
}

/** A page of one side by id; `visible` is what must hold of the listed records beside. */
export async function listLinked<Fields extends CommonFields>(
  database: Queryable,
  { listed, linked, association, isPrimary }: Side<Fields>,
  id: string,
  visible: Sql | undefined,
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<Linked<Fields>>> {
  const { table } = listed;
  const source = {
    table,
    selection: sql`${selectionSql(listed)}, associations.role as link_role, ${isPrimary(id)} as link_primary`,
    from: sql`${sql.table(table)} left join associations on ${association(id)}`,
    conditions: [
      sql`${sql.ref(`${table}.id`)} in (${linked(id)})`,
      ...(visible === undefined ? [] : [visible]),
    ],
  };
  const page = await readPage<RecordRow<Fields> & LinkColumns>(database, source, {
    list: `${table} of ${id}`,
    keys: idOrder(),
    ...request,
  });
  return {
    next_cursor: page.next_cursor,
    items: page.items.map((row) => {
      const { link_role: role, link_primary: is_primary } = row;
      Reflect.deleteProperty(row, 'link_role');
      Reflect.deleteProperty(row, 'link_primary');
      return { record: toRecord<Fields>(row), role, is_primary };
    }),
  };
}

interface LinkColumns {
  readonly link_role: string | null;
  readonly link_primary: boolean;
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
