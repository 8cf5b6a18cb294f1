import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../database.ts';
import { isAppError } from '../../errors.ts';
import type { Caller } from '../../http.ts';
import { countRows } from '../query/count.ts';
import type { BulkService } from '../service.ts';
import { applyDeed } from './change.ts';
import type { BulkDeed, DeedResult } from './change.ts';
import { reasonOf } from './reason.ts';
import type { BulkPreview, PreviewItem } from './schemas.ts';
import type { BulkRequest } from './store.ts';

/** Records that a preview shows. */
const previewRecords = 20;

/** Takes everything back that a preview did to see what would come of it. */
class TakenBack extends Error {
  readonly results: ReadonlyMap<string, DeedResult>;

  constructor(results: ReadonlyMap<string, DeedResult>) {
    super('a preview changes nothing');
    this.results = results;
  }
}

/**
 * Shows what a bulk change would do: to how many records, and to the first of them, which are really changed in a
 * transaction that is then taken back. Throws `VALIDATION_FAILED`.
 */
export async function previewBulk(
  database: Database,
  service: BulkService,
  request: BulkRequest,
  deed: BulkDeed,
  by: Caller,
): Promise<BulkPreview> {
  const count = await countRows(database, await service.source(request, by, ''));
  const { items } = await service.list({ ...request, limit: previewRecords }, by, '');
  const results = await tryOut(database, service, items.map(idOf), deed, by);
  return { count, items: items.map((record) => previewOf(record, results, deed)) };
}

async function tryOut(
  database: Database,
  service: BulkService,
  ids: readonly string[],
  deed: BulkDeed,
  by: Caller,
): Promise<ReadonlyMap<string, DeedResult>> {
  try {
    return await database.transaction(async (tx) => {
      const records = await service.lock(tx, ids, by);
      const results = await applyDeed(tx, service, deed, records, by);
      throw new TakenBack(new Map(records.map(({ id }, index) => [id, results[index]])));
    });
  } catch (error) {
    if (error instanceof TakenBack) return error.results;
    throw error;
  }
}

function previewOf(
  record: object,
  results: ReadonlyMap<string, DeedResult>,
  { action }: BulkDeed,
): PreviewItem {
  const id = idOf(record);
  const result = results.get(id);
  if (isAppError(result)) return { id, refused: reasonOf(result) };
  if (action === 'delete') return { id, record };
  // Deleted in between: it would not be met.
  return { id, changes: result === undefined ? {} : changesBetween(record, result) };
}

/** Moved by every change. */
const bookkeeping = new Set(['version', 'updated_at']);

function changesBetween(before: object, after: object): NonNullable<PreviewItem['changes']> {
  const former = new Map<string, unknown>(Object.entries(before));
  const changed = Object.entries(after).filter(
    ([name, to]) => !bookkeeping.has(name) && !isDeepStrictEqual(former.get(name), to),
  );
  return Object.fromEntries(
    changed.map(([name, to]: [string, unknown]) => [name, { from: former.get(name) ?? null, to }]),
  );
}

function idOf(record: object): string {
  return String(Reflect.get(record, 'id'));
}
