import type { Transaction } from '@orchestrall/sdk';
import type { Kept } from '../records/kind.ts';
import { selectionOf, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';
import type { ContactFields } from './fields.ts';
import { contactKind } from './kind.ts';

/** Locks up to `limit` contacts of a company. */
export async function lockContactsOfCompany(
  tx: Transaction,
  companyId: string,
  limit: number,
): Promise<Kept<ContactFields>[]> {
  const statement = `select ${selectionOf(contactKind)} from contacts where company_id = $1 order by id limit $2 for update`;
  const rows = await tx.query<RecordRow<ContactFields>>(statement, [companyId, limit]);
  return rows.map(toRecord);
}

/** Counts the contacts whose company this is. */
export async function countContactsOfCompany(tx: Transaction, companyId: string): Promise<number> {
  const statement = 'select count(*)::integer as contacts from contacts where company_id = $1';
  const rows = await tx.query<{ contacts: number }>(statement, [companyId]);
  return rows[0]?.contacts ?? 0;
}
