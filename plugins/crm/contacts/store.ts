import type { Transaction } from '@orchestrall/sdk';

/** Counts the contacts whose company this is. */
export async function countContactsOfCompany(tx: Transaction, companyId: string): Promise<number> {
  const statement = 'select count(*)::integer as contacts from contacts where company_id = $1';
  const rows = await tx.query<{ contacts: number }>(statement, [companyId]);
  return rows[0]?.contacts ?? 0;
}
