import type { Transaction } from '../database.ts';
import type { Caller } from '../http.ts';
import type { Bookkeeping } from './fields/schemas.ts';
import type { Count } from './query/count.ts';
import type { ListRequest, ShapeRequest } from './query/list-request.ts';

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
