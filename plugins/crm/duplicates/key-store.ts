import type { Transaction } from '@orchestrall/sdk';
import type { KeptKey } from './matching/matcher.ts';
import type { MatchedKind } from './matching/reasons.ts';

/** A record with what it may have in common with others. */
export interface KeyedRecord {
  readonly id: string;
  readonly keys: readonly KeptKey[];
}

/** Most records that are found by one key. */
const mostFound = 20;

/** Most other records that may have what is common, such as a name, for it to find them. */
const mostNamesakes = 2;

/** Lists records as written, for the sweep. */
export async function enqueueRecords(
  tx: Transaction,
  kind: MatchedKind,
  ids: readonly string[],
): Promise<void> {
  await tx.query('insert into match_queue (kind, record_id) select $1, unnest($2::uuid[])', [kind, ids]);
}

/** Brings what is kept of records up to date. */
export async function writeKeys(tx: Transaction, records: readonly KeyedRecord[]): Promise<void> {
  const [ids, keys] = columnsOf(records);
  const statement = `with given as (select * from unnest($2::uuid[], $3::bigint[]) as given (record_id, key)),
      gone as (delete from match_keys where record_id = any($1::uuid[])
        and not exists (select 1 from given where given.record_id = match_keys.record_id and given.key = match_keys.key))
    insert into match_keys (record_id, key) select record_id, key from given order by key, record_id
    on conflict (key, record_id) do nothing`;
  await tx.query(statement, [records.map(({ id }) => id), ids, keys]);
}

/** By the id of each record the others that have something in common with it, and those that it was paired with before. */
export async function findAlike(
  tx: Transaction,
  records: readonly KeyedRecord[],
): Promise<Map<string, Set<string>>> {
  const [ids, keys] = columnsOf(records);
  const statement = `select record_id, other_id, wanted.key::text as key
    from unnest($2::uuid[], $3::bigint[]) as wanted (record_id, key)
    cross join lateral (
      select match_keys.record_id as other_id from match_keys
      where match_keys.key = wanted.key and match_keys.record_id <> wanted.record_id
      order by match_keys.record_id limit ${mostFound}) as found
    union all select low_id, high_id, '' from duplicate_pairs
      where low_id = any($1::uuid[]) and status <> 'merged'
    union all select high_id, low_id, '' from duplicate_pairs
      where high_id = any($1::uuid[]) and status <> 'merged'`;
  const rows = await tx.query<Alike>(statement, [records.map(({ id }) => id), ids, keys]);
  const found = Map.groupBy(rows, ({ record_id, key }) => `${record_id} ${key}`);
  const alike = new Map<string, Set<string>>();
  for (const { id, keys: own } of records) {
    const others = own.flatMap(({ key, common }) => {
      const having = found.get(`${id} ${key}`) ?? [];
      return common && having.length > mostNamesakes ? [] : having;
    });
    const paired = found.get(`${id} `) ?? [];
    alike.set(id, new Set([...others, ...paired].map(({ other_id }) => other_id)));
  }
  return alike;
}

interface Alike {
  readonly record_id: string;
  readonly other_id: string;
  readonly key: string;
}

/** Forgets what is kept of records that are gone; what they were merged into stays known. */
export async function forgetRecords(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.query('delete from match_keys where record_id = any($1::uuid[])', [ids]);
  // One direction after the other, so that each follows its index.
  for (const side of ['low_id', 'high_id']) {
    await tx.query(
      `delete from duplicate_pairs
      where ${side} = any($1::uuid[]) and (status <> 'merged' or merged_into = any($1::uuid[]))`,
      [ids],
    );
  }
}

function columnsOf(records: readonly KeyedRecord[]): readonly [readonly string[], readonly string[]] {
  const kept = records.flatMap(({ id, keys }) => keys.map(({ key }) => [id, key] as const));
  return [kept.map(([id]) => id), kept.map(([, key]) => key)];
}
