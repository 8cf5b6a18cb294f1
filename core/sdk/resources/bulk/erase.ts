import type { Transaction } from '../../database.ts';

/** Whose data bulk changes shall forget. */
export interface BulkErasure {
  /** Records whose states from before are forgotten; an undo leaves them alone then. */
  readonly ids: readonly string[];
  /** Texts, in any case, with which a filter or a patch is forgotten that holds one of them. */
  readonly texts: readonly string[];
}

/** What was forgotten, and what could not be yet. */
export interface BulkErased {
  /** Records of bulk changes. */
  readonly items: number;
  /** Bulk changes whose filter and patch were forgotten. */
  readonly changes: number;
  /** Bulk changes still under way that hold one of the texts: cancel them or wait, and erase again. */
  readonly underWay: readonly string[];
}

/**
 * Forgets personal data in a plugin's bulk changes, for an erasure, in its transaction: what records were before, the
 * reasons they were refused for, and what was asked for once it has ended.
 */
export async function eraseBulkChanges(tx: Transaction, { ids, texts }: BulkErasure): Promise<BulkErased> {
  const items = await tx.query(
    `update bulk_items set before = null, reason = null
    where record_id = any($1::uuid[]) and (before is not null or reason is not null) returning 1`,
    [ids],
  );
  // As they stand within JSON.
  const needles = texts.filter((text) => text !== '').map((text) => JSON.stringify(text).slice(1, -1));
  const holding = await tx.query<{ id: string; ended: boolean }>(
    `select id, finished_at is not null as ended from bulk_changes
    where exists (
      select from unnest($1::text[]) needle
      where position(lower(needle) in lower(concat(request::text, patch::text))) > 0
    ) order by id for update`,
    [needles],
  );
  const over = holding.flatMap(({ id, ended }) => (ended ? [id] : []));
  await tx.query(
    `update bulk_changes set request = '{"filter":{}}', patch = case when patch is not null then '{}'::jsonb end
    where id = any($1::uuid[])`,
    [over],
  );
  const underWay = holding.flatMap(({ id, ended }) => (ended ? [] : [id]));
  return { items: items.length, changes: over.length, underWay };
}
