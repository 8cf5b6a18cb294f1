import type { Transaction } from '@orchestrall/sdk';
import type { CompanyFields } from '../companies/fields.ts';
import type { MergedPair, Preference } from './decide.ts';

/**
 * Which company is above the one that is left, where one of the two is above the other: a kept company that was below
 * the other takes its place, one that was above it stays where it is. Undefined where neither is, or something else is
 * preferred.
 */
export async function parentOfMerged(
  tx: Transaction,
  { kept, other }: MergedPair<CompanyFields>,
  prefer: Preference,
): Promise<string | null | undefined> {
  if (prefer['parent_id'] !== undefined) return undefined;
  if (await isAbove(tx, other.id, kept)) return other.parent_id;
  return (await isAbove(tx, kept.id, other)) ? kept.parent_id : undefined;
}

async function isAbove(tx: Transaction, id: string, { parent_id }: CompanyFields): Promise<boolean> {
  if (parent_id === null) return false;
  const statement = `with recursive above as (
      select id, parent_id from companies where id = $1
      union
      select companies.id, companies.parent_id from companies join above on companies.id = above.parent_id
    )
    select 1 from above where id = $2`;
  return (await tx.query(statement, [parent_id, id])).length > 0;
}
