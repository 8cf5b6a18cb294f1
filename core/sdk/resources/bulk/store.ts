import { sql } from 'kysely';
import type { Transaction } from '../../database.ts';
import type { Caller } from '../../http.ts';
import { toStatement } from '../query/compiler.ts';
import type { Queryable } from '../query/compiler.ts';
import { joined } from '../query/condition-sql.ts';
import type { ListRequest } from '../query/list-request.ts';
import type { ListSource } from '../query/page.ts';
import type { BulkAction, BulkChange, BulkOutcome, BulkStatus } from './schemas.ts';

/** Which records a bulk change is about, as a list is asked for them. */
export type BulkRequest = Pick<ListRequest, 'filter' | 'filters'>;

/** A bulk change as it is stored. */
export interface StoredBulk {
  readonly id: string;
  readonly action: BulkAction;
  readonly request: BulkRequest;
  readonly patch: object | null;
  readonly status: BulkStatus;
  readonly reason: string | null;
  readonly caller: Caller;
  readonly undo_caller: Caller | null;
  readonly matched: number | null;
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly undone: number;
  readonly kept: number;
  readonly job_id: string;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly undo_until: Date | null;
  /** Whether an undo may still be asked for. */
  readonly undoable: boolean;
}

/** The columns of a stored bulk change. */
export const bulkSelection = sql`id, action, request, patch, status, reason, caller, undo_caller, matched, changed,
  unchanged, failed, undone, kept, job_id, created_at, finished_at, undo_until,
  coalesce(undo_until > now(), false) and swept_at is null and status in ('completed', 'cancelled', 'failed')
    and changed > undone + kept as undoable`;

/** A bulk change as it is answered. */
export function toView(stored: StoredBulk): BulkChange {
  const { id, action, patch, status, reason, matched, changed, unchanged, failed, undone, kept } = stored;
  const { filter, filters } = stored.request;
  return {
    id,
    action,
    filter: { ...(typeof filter === 'object' ? filter : {}), ...filters },
    patch,
    status,
    reason,
    requested_by: stored.caller.name,
    matched,
    changed,
    unchanged,
    failed,
    undone,
    kept,
    created_at: stored.created_at.toISOString(),
    finished_at: stored.finished_at?.toISOString() ?? null,
    undo_until: stored.undo_until?.toISOString() ?? null,
  };
}

/** What a bulk change is stored with. */
export type NewBulk = Pick<StoredBulk, 'id' | 'action' | 'request' | 'patch' | 'caller' | 'job_id'> & {
  readonly resource: string;
};

/** Stores a bulk change that waits for its job. */
export async function insertBulk(tx: Transaction, given: NewBulk): Promise<StoredBulk> {
  const { id, resource, action, request, patch, caller, job_id } = given;
  return one(
    tx,
    sql`insert into bulk_changes (id, resource, action, request, patch, caller, job_id)
      values (${id}, ${resource}, ${action}, ${json(request)}, ${patch === null ? null : json(patch)},
        ${json(caller)}, ${job_id}) returning ${bulkSelection}`,
  ).then((stored) => required(stored));
}

/** The bulk change of a resource, or undefined; `lock` holds it until the transaction ends. */
export async function findBulk(
  database: Queryable,
  { id, resource }: Pick<NewBulk, 'id' | 'resource'>,
  lock: 'for update' | '' = '',
): Promise<StoredBulk | undefined> {
  return one(
    database,
    sql`select ${bulkSelection} from bulk_changes where id = ${id} and resource = ${resource} ${sql.raw(lock)}`,
  );
}

/** Fixes the records that a bulk change is about, and begins it. */
export async function beginBulk(tx: Transaction, id: string, source: ListSource): Promise<void> {
  const from = source.from ?? sql.table(source.table);
  const record = sql.ref(`${source.table}.id`);
  await tx.query(
    toStatement(sql`with chosen as (
        insert into bulk_items (bulk_id, record_id)
        select ${id}::uuid, ${record} from ${from} where ${joined(source.conditions, 'all')} order by ${record}
        returning 1
      )
      update bulk_changes set status = 'running', matched = (select count(*) from chosen) where id = ${id}`),
  );
}

/** How far a change was, and why not further. */
export interface BulkEnding {
  readonly status: 'completed' | 'cancelled' | 'failed' | 'undone';
  readonly reason?: string;
  /** How long an undo may be asked for from now on; absent where that was said before. */
  readonly undoHours?: number;
}

/** Ends a bulk change, or its undo. */
export async function endBulk(
  tx: Transaction,
  id: string,
  { status, reason, undoHours }: BulkEnding,
): Promise<StoredBulk> {
  return one(
    tx,
    sql`update bulk_changes set status = ${status}, reason = ${reason ?? null}, finished_at = clock_timestamp(),
      undo_until = coalesce(undo_until, clock_timestamp() + ${undoHours ?? null}::double precision * interval '1 hour')
      where id = ${id} returning ${bulkSelection}`,
  ).then((stored) => required(stored));
}

/** Has a bulk change undone by this job. */
export async function beginUndo(
  tx: Transaction,
  { id, caller, job_id }: Pick<NewBulk, 'id' | 'caller' | 'job_id'>,
): Promise<StoredBulk> {
  return one(
    tx,
    sql`update bulk_changes set status = 'undoing', reason = null, finished_at = null, undo_caller = ${json(caller)},
      job_id = ${job_id} where id = ${id} returning ${bulkSelection}`,
  ).then((stored) => required(stored));
}

/** A record of a bulk change. */
export interface StoredItem {
  readonly record_id: string;
  /** The whole record for a deletion, else the fields that the patch names; null once forgotten. */
  readonly before: object | null;
  readonly version_after: number | null;
}

/** The next records after one, in the order of their ids: those whose turn has not come, or those that were changed. */
export async function nextItems(
  tx: Transaction,
  bulkId: string,
  {
    outcome,
    after,
    limit,
  }: { readonly outcome: 'changed' | null; readonly after: string | null; readonly limit: number },
): Promise<StoredItem[]> {
  return tx.query<StoredItem>(
    `select record_id, before, version_after from bulk_items
    where bulk_id = $1 and ($2::uuid is null or record_id > $2) and outcome is not distinct from $3
    order by record_id limit $4`,
    [bulkId, after, outcome, limit],
  );
}

/** What became of one record. */
export interface ItemResult {
  readonly record_id: string;
  readonly outcome: BulkOutcome;
  readonly before?: object | null;
  readonly version_after?: number | null;
  readonly reason?: string | null;
}

/** Writes what became of records, and counts them; what an undo says of one leaves its former state to be forgotten. */
export async function writeResults(
  tx: Transaction,
  bulkId: string,
  results: readonly ItemResult[],
): Promise<void> {
  const count = (wanted: BulkOutcome) => results.filter(({ outcome }) => outcome === wanted).length;
  await tx.query(
    `update bulk_items set outcome = given.outcome, before = given.before, version_after = given.version_after,
      reason = given.reason
    from jsonb_to_recordset($2::jsonb)
      as given (record_id uuid, outcome text, before jsonb, version_after integer, reason text)
    where bulk_items.bulk_id = $1 and bulk_items.record_id = given.record_id`,
    [bulkId, JSON.stringify(results)],
  );
  await tx.query(
    `update bulk_changes set changed = changed + $2, unchanged = unchanged + $3, failed = failed + $4,
      undone = undone + $5, kept = kept + $6 where id = $1`,
    [bulkId, count('changed'), count('unchanged'), count('failed'), count('undone'), count('kept')],
  );
}

async function one(database: Queryable, query: ReturnType<typeof sql>): Promise<StoredBulk | undefined> {
  return (await database.query<StoredBulk>(toStatement(query)))[0];
}

function required(stored: StoredBulk | undefined): StoredBulk {
  if (stored === undefined) throw new TypeError('a written bulk change was not returned');
  return stored;
}

function json(value: object) {
  return sql`${JSON.stringify(value)}::jsonb`;
}
