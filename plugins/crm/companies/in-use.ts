import type { Caller, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access } from '../records/access.ts';
import type { KindName, TableName } from '../records/kind.ts';

/** Records of a kind that name a company in a field, over the columns of their table. */
interface Users {
  readonly kind: KindName;
  readonly table: TableName;
  readonly condition: Sql;
}

/** How many records have a company. */
export interface CompanyUse {
  /** All of them. */
  readonly records: number;
  /** Those that the caller sees, by table. */
  readonly seen: Readonly<Record<'contacts' | 'companies' | 'deals', number>>;
}

/** The contacts and deals of a company, and the companies below it. */
export const usersOf = {
  contacts: (id: string) => sql`contacts.company_id = ${id}`,
  deals: (id: string) => sql`deals.company_id = ${id}`,
  companies: (id: string) => sql`companies.parent_id = ${id}`,
} as const;

/** Counts the records that have a company. */
export async function countUse(tx: Transaction, id: string, by: Caller, access: Access): Promise<CompanyUse> {
  const count = ({ kind, table, condition }: Users) =>
    countUsers(tx, table, condition, access.viewOf(by, kind).condition);
  const contacts = await count({ kind: 'contact', table: 'contacts', condition: usersOf.contacts(id) });
  const companies = await count({ kind: 'company', table: 'companies', condition: usersOf.companies(id) });
  const deals = await count({ kind: 'deal', table: 'deals', condition: usersOf.deals(id) });
  return {
    records: contacts.all + companies.all + deals.all,
    seen: { contacts: contacts.seen, companies: companies.seen, deals: deals.seen },
  };
}

async function countUsers(tx: Transaction, table: TableName, condition: Sql, visible: Sql = sql`true`) {
  const query = sql`select count(*)::integer as "all", (count(*) filter (where ${visible}))::integer as seen
    from ${sql.table(table)} where ${condition}`;
  const [row] = await tx.query<{ all: number; seen: number }>(toStatement(query));
  return row ?? { all: 0, seen: 0 };
}
