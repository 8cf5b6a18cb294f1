import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { enqueueRecords, forgetRecords } from '../duplicates/key-store.ts';
import type { Ends } from './ends.ts';

/**
 * Says of the pair of the two that it was merged, and of other pairs of the loser that were dismissed that they are
 * dismissed with the winner; what else was found of the loser is forgotten.
 */
export async function movePairs(tx: Transaction, { kind, winner, loser }: Ends): Promise<void> {
  await tx.query(`update duplicate_pairs set merged_into = $2 where merged_into = $1`, [loser, winner]);
  await tx.query(
    `update duplicate_pairs
    set status = 'merged', merged_into = $2, updated_at = clock_timestamp(), version = version + 1
    where low_id = least($1::uuid, $2::uuid) and high_id = greatest($1::uuid, $2::uuid)`,
    [loser, winner],
  );
  const dismissed = await tx.query<Dismissed>(
    `select case when low_id = $1 then high_id else low_id end as other, score, reasons from duplicate_pairs
    where (low_id = $1 or high_id = $1) and status = 'dismissed'`,
    [loser],
  );
  const carried = dismissed.map((pair) => ({ ...pair, id: createId() }));
  if (carried.length > 0) {
    await tx.query(
      `insert into duplicate_pairs (id, kind, low_id, high_id, score, reasons, status)
      select id, $2, least(other, $3::uuid), greatest(other, $3::uuid), score, reasons, 'dismissed'
      from json_to_recordset($1::json) as given (id uuid, other uuid, score integer, reasons text[])
      order by other on conflict (low_id, high_id) do nothing`,
      [JSON.stringify(carried), kind, winner],
    );
  }
  await forgetRecords(tx, [loser]);
  // Another change may be pairing it at this moment: the sweep forgets it once more.
  await enqueueRecords(tx, kind, [loser]);
}

interface Dismissed {
  readonly other: string;
  readonly score: number;
  readonly reasons: readonly string[];
}
