import { sql } from 'kysely';
import type { Answer } from '../../answer.ts';
import type { Transaction } from '../../database.ts';
import type { Caller } from '../../http.ts';
import { createId, isId } from '../../id.ts';
import { resourceError } from '../errors.ts';
import type { Sql } from '../query/condition-sql.ts';
import { readPage } from '../query/page.ts';
import type { Page, PageOptions } from '../query/page.ts';
import { idOrder } from '../query/sort.ts';
import type { BulkDeed } from './change.ts';
import { bulkJobs } from './ports.ts';
import type { BulkOptions } from './ports.ts';
import type { BulkChange, BulkItem } from './schemas.ts';
import { beginUndo, bulkSelection, endBulk, findBulk, insertBulk, toView } from './store.ts';
import type { BulkRequest, StoredBulk } from './store.ts';

/** Which page of a list. */
type PageRequest = Pick<PageOptions, 'cursor' | 'limit'>;

/** The bulk changes of one resource, as their routes need them. */
export interface BulkChanges {
  /** Stores a bulk change with its job; 202. Throws `VALIDATION_FAILED`. */
  begin(request: BulkRequest, deed: BulkDeed, by: Caller): Promise<Answer>;
  list(request: PageRequest, by: Caller): Promise<Page<BulkChange>>;
  /** Throws `BULK_CHANGE_NOT_FOUND`. */
  get(id: string, by: Caller): Promise<BulkChange>;
  /** Records that could not be changed or put back, by their ids. Throws `BULK_CHANGE_NOT_FOUND`. */
  items(id: string, request: PageRequest, by: Caller): Promise<Page<BulkItem>>;
  /** Ends it after the batch under way; 200. Throws `BULK_CHANGE_NOT_FOUND`, `BULK_CHANGE_ENDED`. */
  cancel(id: string, by: Caller): Promise<Answer>;
  /** Stores a job that puts its records back; 202. Throws `BULK_CHANGE_NOT_FOUND`, `BULK_CHANGE_NOT_UNDOABLE`. */
  undo(id: string, by: Caller): Promise<Answer>;
}

/** Creates the bulk changes of one resource. */
export function createBulkChanges(options: BulkOptions): BulkChanges {
  const { database, jobs, resource, service, undoHours } = options;
  const { name, path } = resource;
  const { change, undo } = bulkJobs(resource);
  const location = (id: string) => `${path}/bulk/${id}`;
  const find = async (
    queryable: Pick<Transaction, 'query'>,
    id: string,
    by: Caller,
    lock: 'for update' | '' = '',
  ): Promise<StoredBulk> => {
    const stored = isId(id) ? await findBulk(queryable, { id, resource: name }, lock) : undefined;
    if (stored === undefined || !maySee(by, stored))
      throw resourceError('BULK_CHANGE_NOT_FOUND', { id, path });
    return stored;
  };

  return {
    async begin(request, deed, by) {
      // Faults of the filter are told at once, not by the job.
      await service.source(request, by, '');
      return database.transaction(async (tx) => {
        const id = createId();
        const job_id = tx.enqueue(change, { bulk_id: id });
        const stored = await insertBulk(tx, { id, resource: name, request, ...deed, caller: by, job_id });
        return tx.answer({ status: 202, headers: { location: location(id) }, body: toView(stored) });
      });
    },

    async list(request, by) {
      const conditions: Sql[] = [sql`resource = ${name}`];
      if (!by.roles.includes('admin')) conditions.push(sql`caller ->> 'id' = ${by.id}`);
      const list = JSON.stringify(['bulk_changes', name, by.id]);
      const source = { table: 'bulk_changes', selection: bulkSelection, conditions };
      const page = await readPage<StoredBulk>(database, source, { ...request, list, keys: idOrder(true) });
      return { items: page.items.map(toView), next_cursor: page.next_cursor };
    },

    get: async (id, by) => toView(await find(database, id, by)),

    async items(id, request, by) {
      const stored = await find(database, id, by);
      return readPage<BulkItem>(
        database,
        {
          table: 'bulk_items',
          selection: sql`record_id, outcome, reason`,
          conditions: [sql`bulk_id = ${stored.id}`, sql`outcome in ('failed', 'kept')`],
        },
        { ...request, list: JSON.stringify(['bulk_items', stored.id, by.id]), keys: byRecord },
      );
    },

    async cancel(id, by) {
      const { answer, job } = await database.transaction(async (tx) => {
        const stored = await find(tx, id, by, 'for update');
        if (stored.finished_at !== null)
          throw resourceError('BULK_CHANGE_ENDED', { id, status: stored.status });
        const ended = await endBulk(tx, stored.id, { status: 'cancelled', undoHours });
        return { answer: tx.answer({ status: 200, body: toView(ended) }), job: stored.job_id };
      });
      // Its next batch would end it too; this spares a queued one the run.
      await jobs.cancel(job);
      return answer;
    },

    async undo(id, by) {
      return database.transaction(async (tx) => {
        const stored = await find(tx, id, by, 'for update');
        if (!stored.undoable) throw resourceError('BULK_CHANGE_NOT_UNDOABLE', { id, reason: whyNot(stored) });
        const job_id = tx.enqueue(undo, { bulk_id: stored.id });
        const undoing = await beginUndo(tx, { id: stored.id, caller: by, job_id });
        return tx.answer({ status: 202, headers: { location: location(stored.id) }, body: toView(undoing) });
      });
    },
  };
}

const [byId] = idOrder();
const byRecord =
  byId === undefined ? [] : [{ ...byId, name: 'record_id', column: { ...byId.column, column: 'record_id' } }];

/** What was asked for may tell of fields and records that others do not see. */
function maySee(by: Caller, { caller }: StoredBulk): boolean {
  return caller.id === by.id || by.roles.includes('admin');
}

function whyNot({ status, finished_at, changed, undone, kept }: StoredBulk): string {
  if (finished_at === null) return `it is ${status}`;
  if (changed <= undone + kept) return 'nothing of it is left to put back';
  return 'the time for it is over';
}
