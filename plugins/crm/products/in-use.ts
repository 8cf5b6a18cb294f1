import type { Transaction } from '@orchestrall/sdk';

/** Counts the deals that have a product in their lines. */
export async function countDealsWithProduct(tx: Transaction, productId: string): Promise<number> {
  const statement = 'select count(*)::integer as deals from deals where product_ids @> array[$1]::text[]';
  const rows = await tx.query<{ deals: number }>(statement, [productId]);
  return rows[0]?.deals ?? 0;
}
