import Type from 'typebox';
import type { Static } from 'typebox';
import type { Transaction } from '../../database.ts';
import { isAppError, validationFailed } from '../../errors.ts';
import type { AppError, Fault } from '../../errors.ts';
import type { Caller } from '../../http.ts';
import { resourceError } from '../errors.ts';
import { Id } from '../fields/schemas.ts';
import type { ResourceRecord, ResourceService } from '../service.ts';
import { isCollision } from './change-records.ts';
import { etagOf, requireVersion } from './version.ts';

/** Most changes of one batch. */
export const maxBatchItems = 1_000;

/** Most refusals that the answer to a refused atomic batch lists. */
const maxReported = 100;

/** What is done to one record of a batch. */
export const BatchItem = Type.Object(
  {
    action: Type.Unsafe<'create' | 'update' | 'delete'>({
      type: 'string',
      enum: ['create', 'update', 'delete'],
    }),
    id: Type.Optional(Id),
    if_match: Type.Optional(
      Type.String({ maxLength: 200, description: 'As the header of a single change.' }),
    ),
    body: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'The new record, or a JSON merge patch.' }),
    ),
  },
  { additionalProperties: false },
);
export type BatchItem = Static<typeof BatchItem>;

/** A batch as it is sent. */
export const Batch = Type.Object(
  {
    items: Type.Array(BatchItem, { minItems: 1, maxItems: maxBatchItems }),
    atomic: Type.Optional(
      Type.Boolean({ description: 'Change all or nothing; default false: what can be changed is.' }),
    ),
  },
  { additionalProperties: false },
);
export type Batch = Static<typeof Batch>;

/** What became of one item of a batch. */
export interface BatchResult {
  readonly index: number;
  readonly status: number;
  readonly id?: string;
  readonly etag?: string;
  readonly body?: object;
  readonly problem?: object;
}

/** How a batch is run. */
export interface BatchOptions {
  readonly by: Caller;
  /** Whether changes must name a version. */
  readonly requireMatch: boolean;
  /** Leaves the records out of the results. */
  readonly minimal: boolean;
  /** Whether the batch is not tried again: a broken constraint is then no collision but the refusal of its item. */
  readonly last: boolean;
}

/**
 * Makes the changes of a batch in one transaction, one after another, each under a savepoint: what one of them is
 * refused for stands in its result and leaves the others alone. Throws `BATCH_REFUSED` where `atomic` is asked for.
 */
export async function runBatch(
  tx: Transaction,
  service: ResourceService,
  { items, atomic = false }: Batch,
  options: BatchOptions,
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for (const [index, item] of items.entries()) {
    try {
      results.push({ index, ...(await tx.savepoint(() => change(tx, service, item, options))) });
    } catch (error) {
      if (!isAppError(error) || error.status >= 500 || (!options.last && isCollision(error))) throw error;
      results.push({ index, status: error.status, problem: problemOf(error) });
    }
  }
  const failed = results.filter(({ problem }) => problem !== undefined);
  if (atomic && failed.length > 0) {
    throw resourceError('BATCH_REFUSED', {
      failed: failed.length,
      items: items.length,
      results: failed.slice(0, maxReported),
    });
  }
  return results;
}

async function change(
  tx: Transaction,
  service: ResourceService,
  item: BatchItem,
  { by, requireMatch, minimal }: BatchOptions,
): Promise<Omit<BatchResult, 'index'>> {
  const { action, id = '', if_match: ifMatch, body } = item;
  const faults = [...faultsOf(item)];
  if (faults.length > 0) throw validationFailed(faults);
  const told = (status: number, record: ResourceRecord) => {
    const about = { status, id: record.id, etag: etagOf(record) };
    return minimal ? about : { ...about, body: record };
  };
  if (action === 'create') return told(201, await service.create(tx, body, by));
  if (requireMatch) requireVersion(ifMatch);
  if (action === 'update') return told(200, await service.update(tx, id, body, by, ifMatch));
  await service.remove(tx, id, by, ifMatch);
  return { status: 204, id };
}

/** What an action needs and has no place for; an item that says more than it means is a mistake. */
function* faultsOf({ action, id, if_match: ifMatch, body }: BatchItem): Generator<Fault> {
  if (action === 'create') {
    if (id !== undefined) yield { path: '/id', message: 'is set by the appliance; leave it out to create' };
    if (ifMatch !== undefined) yield { path: '/if_match', message: 'must be left out to create' };
  } else if (id === undefined) yield { path: '/id', message: `must be given to ${action}` };
  if (action === 'delete' && body !== undefined)
    yield { path: '/body', message: 'must be left out to delete' };
  if (action !== 'delete' && body === undefined)
    yield { path: '/body', message: `must be given to ${action}` };
}

/** What a single change would be answered with, but for what belongs to a request of its own. */
function problemOf({ code, status, message, remedy, details: { faults, ...details } }: AppError): object {
  return {
    status,
    code,
    detail: message,
    remedy,
    ...(faults === undefined ? {} : { faults }),
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}
