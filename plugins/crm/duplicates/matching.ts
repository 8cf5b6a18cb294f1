import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { audienceOfBoth } from '../associations/tell.ts';
import { duplicateFound } from '../contract.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { findRecords } from '../records/store.ts';
import { findAlike, forgetRecords, writeKeys } from './key-store.ts';
import type { KeyedRecord } from './key-store.ts';
import type { Matcher } from './matching/matcher.ts';
import { scoreOf } from './matching/reasons.ts';
import type { ComparedPair } from './pair.ts';
import { pairName } from './pair.ts';
import { keepCompared } from './pair-store.ts';

/** A kind of records with what tells its duplicates. */
export interface Matched<Fields extends CommonFields> {
  readonly kind: RecordKind<Fields>;
  readonly matcher: Matcher<Fields>;
}

/** Looks up what these records have in common with others, and keeps and tells the pairs; the records are held. */
export async function matchRecords<Fields extends CommonFields>(
  { kind, matcher }: Matched<Fields>,
  tx: Transaction,
  records: readonly Kept<Fields>[],
): Promise<void> {
  const keyed = records.map((record): KeyedRecord => ({ id: record.id, keys: matcher.keysOf(record) }));
  await writeKeys(tx, keyed);
  const alike = await findAlike(tx, keyed);
  const known = new Map(records.map((record) => [record.id, record]));
  const wanted = [...alike.values()].flatMap((ids) => [...ids]).filter((id) => !known.has(id));
  for (const record of await findRecords(kind, tx, [...new Set(wanted)])) known.set(record.id, record);
  const compared = new Map<string, ComparedPair>();
  for (const [id, others] of alike) {
    for (const other of others) {
      const pair = compare(matcher, known.get(id), known.get(other));
      if (pair !== undefined) compared.set(pairName(id, other), pair);
    }
  }
  for (const pair of await keepCompared(tx, matcher.kind, [...compared.values()])) {
    const [low, high] = [known.get(pair.low_id), known.get(pair.high_id)];
    if (low === undefined || high === undefined) continue;
    const visibleTo = audienceOfBoth([kind, low], [kind, high]);
    const data = {
      id: pair.id,
      kind: pair.kind,
      record_ids: [pair.low_id, pair.high_id],
      score: pair.score,
      reasons: [...pair.reasons],
    };
    tx.emit(duplicateFound, data, { subject: pair.id, ...(visibleTo === undefined ? {} : { visibleTo }) });
  }
}

/** As `matchRecords`, of records that are there; what is kept of others is forgotten. Gives those that somebody else holds. */
export async function matchIds<Fields extends CommonFields>(
  matched: Matched<Fields>,
  tx: Transaction,
  ids: readonly string[],
): Promise<string[]> {
  const { kind } = matched;
  const there = await tx.query<{ id: string }>(`select id from ${kind.table} where id = any($1::uuid[])`, [
    ids,
  ]);
  // A change of a record waits until its batch has ended; what is being changed comes in the next run.
  const holding = sql`select id from ${sql.table(kind.table)}
    where id = any(${[...ids]}::uuid[]) order by id for key share skip locked`;
  const locked = await tx.query<{ id: string }>(toStatement(holding));
  const held = await findRecords(
    kind,
    tx,
    locked.map(({ id }) => id),
  );
  const found = new Set(held.map(({ id }) => id));
  const known = new Set(there.map(({ id }) => id));
  const gone = ids.filter((id) => !known.has(id) && !found.has(id));
  if (gone.length > 0) await forgetRecords(tx, gone);
  if (held.length > 0) await matchRecords(matched, tx, held);
  return [...known].filter((id) => !found.has(id));
}

function compare<Fields extends CommonFields>(
  matcher: Matcher<Fields>,
  one: Kept<Fields> | undefined,
  other: Kept<Fields> | undefined,
): ComparedPair | undefined {
  if (one === undefined || other === undefined) return undefined;
  const [low, high] = one.id < other.id ? [one, other] : [other, one];
  const reasons = matcher.compare(low, high);
  return { low: low.id, high: high.id, reasons, score: scoreOf(matcher.kind, reasons) };
}
