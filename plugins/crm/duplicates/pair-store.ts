import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import type { ComparedPair, PairRow } from './pair.ts';
import { fewestPoints } from './matching/reasons.ts';
import type { MatchedKind } from './matching/reasons.ts';

/** The columns of a pair. */
export const pairColumns =
  'id, kind, low_id, high_id, score, reasons, status, merged_into, created_at, updated_at, version';

/**
 * Keeps what came out of comparisons: pairs of enough points stay or come, with their decisions, and open ones of too
 * few go. Gives those that are new.
 */
export async function keepCompared(
  tx: Transaction,
  kind: MatchedKind,
  compared: readonly ComparedPair[],
): Promise<PairRow[]> {
  const [alike, others] = [
    compared.filter(({ score }) => score >= fewestPoints),
    compared.filter(({ score }) => score < fewestPoints),
  ];
  if (others.length > 0) {
    const statement = `delete from duplicate_pairs
      using unnest($1::uuid[], $2::uuid[]) as given (low_id, high_id)
      where duplicate_pairs.low_id = given.low_id and duplicate_pairs.high_id = given.high_id and status = 'open'`;
    await tx.query(statement, [others.map(({ low }) => low), others.map(({ high }) => high)]);
  }
  if (alike.length === 0) return [];
  const written = alike.map((pair) => ({ ...pair, id: createId() }));
  // Sorted, so that two writers of the same pairs wait for each other instead of deadlocking.
  const statement = `insert into duplicate_pairs (id, kind, low_id, high_id, score, reasons)
    select id, $2, low, high, score, reasons
    from json_to_recordset($1::json) as given (id uuid, low uuid, high uuid, score integer, reasons text[])
    order by low, high
    on conflict (low_id, high_id) do update set score = excluded.score, reasons = excluded.reasons,
      updated_at = clock_timestamp(), version = duplicate_pairs.version + 1
      where (duplicate_pairs.score, duplicate_pairs.reasons) is distinct from (excluded.score, excluded.reasons)
    returning ${pairColumns}, (xmax = 0) as is_new`;
  const rows = await tx.query<PairRow & { readonly is_new: boolean }>(statement, [
    JSON.stringify(written),
    kind,
  ]);
  return rows.filter((row) => row.is_new);
}

/** A pair, locked until the transaction ends; undefined when there is none. */
export async function lockPair(tx: Transaction, id: string): Promise<PairRow | undefined> {
  const [row] = await tx.query<PairRow>(
    `select ${pairColumns} from duplicate_pairs where id = $1 for update`,
    [id],
  );
  return row;
}

/** Decides a locked pair. */
export async function decidePair(tx: Transaction, id: string, status: 'open' | 'dismissed'): Promise<void> {
  const statement = `update duplicate_pairs
    set status = $2, updated_at = clock_timestamp(), version = version + 1 where id = $1`;
  await tx.query(statement, [id, status]);
}
