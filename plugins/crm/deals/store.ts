import type { Transaction } from '@orchestrall/sdk';

/** Counts the deals whose company this is. */
export async function countDealsOfCompany(tx: Transaction, companyId: string): Promise<number> {
  const statement = 'select count(*)::integer as deals from deals where company_id = $1';
  const rows = await tx.query<{ deals: number }>(statement, [companyId]);
  return rows[0]?.deals ?? 0;
}
