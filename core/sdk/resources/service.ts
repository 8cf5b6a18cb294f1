import type { Transaction } from '../database.ts';
import type { AppError } from '../errors.ts';
import type { Caller } from '../http.ts';
import type { Bookkeeping } from './fields/schemas.ts';
import type { Count } from './query/count.ts';
import type { ListRequest, ShapeRequest } from './query/list-request.ts';
import type { ListSource } from './query/page.ts';

/** A record as a service gives it: its fields are the resource's own matter. */
export type ResourceRecord = Pick<Bookkeeping, 'id' | 'version'> & object;

/** A page of records as it is answered; they may be in part, by `fields` or by what the caller may see. */
export interface RecordPage {
  readonly items: readonly object[];
  readonly next_cursor: string | null;
  readonly count?: Count;
}

/**
 * What a resource does, whatever serves it: a table alone (`createTableService`) or a plugin's own decisions. Changes
 * run in the transaction given, so that several of them, their answer and whatever else belongs to them are one.
 */
export interface ResourceService {
  /** Throws `VALIDATION_FAILED`, `CURSOR_INVALID`. `at` is where the request holds what was asked. */
  list(request: ListRequest, by: Caller, at?: string): Promise<RecordPage>;
  /** Throws the resource's 404, `VALIDATION_FAILED`. */
  get(id: string, by: Caller, shape?: ShapeRequest): Promise<ResourceRecord>;
  /** Throws `VALIDATION_FAILED` and what the resource refuses for. */
  create(tx: Transaction, input: unknown, by: Caller): Promise<ResourceRecord>;
  /** Applies a JSON merge patch. Throws the resource's 404, `VERSION_MISMATCH`, `VALIDATION_FAILED`. */
  update(tx: Transaction, id: string, patch: unknown, by: Caller, ifMatch?: string): Promise<ResourceRecord>;
  /** Throws the resource's 404, `VERSION_MISMATCH`. */
  remove(tx: Transaction, id: string, by: Caller, ifMatch?: string): Promise<void>;
}

/** A record about to be changed, and the JSON merge patch for it. */
export interface RecordEdit<Stored> {
  readonly record: Stored;
  readonly patch: object;
}

/**
 * What changes in bulk ask of a service beside what its routes do. `Stored` is a whole record as it is kept, with fields
 * that the caller may not see: it is kept for an undo and shown to nobody.
 */
export interface BulkService<Stored extends ResourceRecord = ResourceRecord> extends ResourceService {
  /**
   * Where the records of a list are that this caller sees; order, cursor, limit and shape are left out of account.
   * Throws `VALIDATION_FAILED`. `at` as of `list`.
   */
  source(request: ListRequest, by: Caller, at?: string): ListSource | Promise<ListSource>;
  /** Those of these records that the caller sees, in the order of their ids, locked until the transaction ends. */
  lock(tx: Transaction, ids: readonly string[], by: Caller): Promise<readonly Stored[]>;
  /**
   * Patches locked records, with the caller's rights and all that belongs to a change. Gives in their order the record
   * as it is then, the same version where nothing changed, or what it was refused for.
   */
  editMany(
    tx: Transaction,
    edits: readonly RecordEdit<Stored>[],
    by: Caller,
  ): Promise<readonly (ResourceRecord | AppError)[]>;
  /** Deletes locked records likewise; undefined for those that are gone. */
  removeMany(
    tx: Transaction,
    records: readonly Stored[],
    by: Caller,
  ): Promise<readonly (AppError | undefined)[]>;
  /**
   * Puts deleted records back under their ids, each at its next version, as the creations that they are for everybody
   * else. Gives in their order the record, or what its creation was refused for.
   */
  restoreMany(
    tx: Transaction,
    records: readonly Stored[],
    by: Caller,
  ): Promise<readonly (ResourceRecord | AppError)[]>;
}
