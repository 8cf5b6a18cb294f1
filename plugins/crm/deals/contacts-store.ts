import type { Transaction } from '@orchestrall/sdk';
import { idOrder, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { DealContactLink } from '../contract.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { selectionSql, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';

/** A record of one side with its role in the other. */
export interface InvolvedRecord<Fields> {
  readonly record: Kept<Fields>;
  readonly role: string | null;
}

/** A page of the contacts of a deal, or of the deals of a contact, by id; `visible` must hold of them beside. */
export async function listInvolved<Fields extends CommonFields>(
  database: Queryable,
  listed: RecordKind<Fields>,
  of: { readonly kind: 'deal' | 'contact'; readonly id: string },
  visible: Sql | undefined,
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<InvolvedRecord<Fields>>> {
  const { table, name } = listed;
  const links = sql.table('deal_contacts');
  const source = {
    table,
    selection: sql`${selectionSql(listed)}, deal_contacts.role as link_role`,
    from: sql`${sql.table(table)} join ${links} on ${sql.ref(`deal_contacts.${name}_id`)} = ${sql.ref(`${table}.id`)}`,
    conditions: [
      sql`${sql.ref(`deal_contacts.${of.kind}_id`)} = ${of.id}`,
      ...(visible === undefined ? [] : [visible]),
    ],
  };
  const options = { list: `${table} of ${of.id}`, keys: idOrder(), ...request };
  const page = await readPage<RecordRow<Fields> & { readonly link_role: string | null }>(
    database,
    source,
    options,
  );
  return {
    next_cursor: page.next_cursor,
    items: page.items.map((row) => {
      const { link_role: role } = row;
      Reflect.deleteProperty(row, 'link_role');
      return { record: toRecord<Fields>(row), role };
    }),
  };
}

/** The link, locked; undefined when there is none. */
export async function findLink(
  tx: Transaction,
  dealId: string,
  contactId: string,
): Promise<DealContactLink | undefined> {
  const statement = `select deal_id, contact_id, role from deal_contacts
    where deal_id = $1 and contact_id = $2 for update`;
  const [row] = await tx.query<DealContactLink>(statement, [dealId, contactId]);
  return row;
}

/** Makes a link, or gives one that is there its role. */
export async function putLink(
  tx: Transaction,
  { deal_id, contact_id, role }: DealContactLink,
): Promise<void> {
  const statement = `insert into deal_contacts (deal_id, contact_id, role) values ($1, $2, $3)
    on conflict (deal_id, contact_id) do update set role = excluded.role`;
  await tx.query(statement, [deal_id, contact_id, role]);
}

/** Takes a link away. */
export async function deleteLink(tx: Transaction, { deal_id, contact_id }: DealContactLink): Promise<void> {
  await tx.query('delete from deal_contacts where deal_id = $1 and contact_id = $2', [deal_id, contact_id]);
}
