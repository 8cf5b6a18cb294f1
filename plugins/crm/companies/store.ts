import type { Transaction } from '@orchestrall/sdk';

/** Which of these ids are companies; they stay until the transaction ends. */
export async function keepCompanies(tx: Transaction, ids: ReadonlySet<string>): Promise<Set<string>> {
  if (ids.size === 0) return new Set();
  const statement = 'select id from companies where id = any($1::uuid[]) order by id for key share';
  const rows = await tx.query<{ id: string }>(statement, [[...ids]]);
  return new Set(rows.map((row) => row.id));
}
