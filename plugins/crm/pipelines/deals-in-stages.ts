import { AppError } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { sql } from 'kysely';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { lockWhere } from '../records/store.ts';
import { editRecords } from '../records/write.ts';

/** What a deal has of its stage. */
type Staged = CommonFields & { readonly stage_id: string };

/** Locks the deals in these stages; throws `TOO_MANY_RECORDS` when they are more than one request changes. */
export async function lockDealsIn<Deal extends Staged>(
  kind: RecordKind<Deal>,
  tx: Transaction,
  stageIds: readonly string[],
): Promise<Kept<Deal>[]> {
  if (stageIds.length === 0) return [];
  const inside = sql`stage_id = any(${[...stageIds]}::uuid[])`;
  const deals = await lockWhere(kind, tx, inside, maxRecordsPerRequest + 1);
  if (deals.length <= maxRecordsPerRequest) return deals;
  throw crmError('TOO_MANY_RECORDS', {
    records: `more than ${maxRecordsPerRequest}`,
    limit: maxRecordsPerRequest,
  });
}

/** Gives the deals in these stages another stage, or what has changed of their own; their pipeline is locked. */
export async function moveDeals<Deal extends Staged>(
  kind: RecordKind<Deal>,
  tx: Transaction,
  { from, to }: { readonly from: readonly string[]; readonly to?: string },
  by: Actor,
): Promise<void> {
  const deals = await lockDealsIn(kind, tx, from);
  const edits = deals.map((before) => ({ before, fields: { ...before, stage_id: to ?? before.stage_id } }));
  for (const result of await editRecords(kind, tx, edits, by)) if (result instanceof AppError) throw result;
}
