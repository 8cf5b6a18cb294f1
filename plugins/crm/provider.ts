/** A value of a field: decimals, dates and instants as text, `null` when empty. */
export type FieldValue = string | number | boolean | readonly string[] | null;

/** Values of fields by name. */
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** What a field of ours can hold; `reference` holds the id of another record, `user` that of a user of the appliance. */
export type FieldType =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'date_time'
  | 'choice'
  | 'multi_choice'
  | 'reference'
  | 'user'
  | 'url'
  | 'email'
  | 'phone'
  | 'domain';

/** One field of a kind of record, as a provider has to know it. */
export interface TargetField {
  readonly name: string;
  readonly type: FieldType;
  /** Whether a record cannot be without it. */
  readonly required?: boolean;
  /** Longest text, characters; absent when unbounded. */
  readonly maxLength?: number;
  /** Digits after the point of a decimal that are kept; absent when unbounded. */
  readonly scale?: number;
  /** What a choice may be; absent when any text is accepted. */
  readonly choices?: readonly string[];
  /** The kind of record that a reference names. */
  readonly references?: string;
  /** What is wrong with a value of the type; undefined when it can be kept. Absent when every value can. */
  readonly faultOf?: (value: FieldValue) => string | undefined;
}

/** A kind of record that a provider may write to, such as `contacts`. */
export interface TargetKind {
  readonly name: string;
  readonly fields: readonly TargetField[];
}

/** A record of ours; `fields` holds every field that its kind declares. */
export interface LocalRecord {
  readonly id: string;
  readonly version: number;
  readonly fields: FieldValues;
}

/** A record to create (without `id`), or fields of one to change. */
export interface RecordWrite {
  readonly id?: string | undefined;
  readonly fields: FieldValues;
}

/**
 * What came of a write: `written` with the record as it is now kept, `taken` when another record has a key that no two
 * may share, `rejected` when the fields cannot be a record, `gone` when there is no such record.
 */
export type RecordWriteResult =
  | { readonly outcome: 'written'; readonly record: LocalRecord }
  | { readonly outcome: 'taken'; readonly holder: string; readonly reason: string }
  | { readonly outcome: 'rejected'; readonly reason: string }
  | { readonly outcome: 'gone' };

/** A record that was written or deleted here and has not been looked at for its provider since. */
export interface LocalChange {
  readonly id: string;
  /** Grows with each change of the record; what is settled names it, so that a later change stays listed. */
  readonly version: number;
}

/** CRM's records within one transaction: what every provider reads and writes. */
export interface RecordTarget {
  /** Every kind with all its fields, custom ones included. */
  kinds(): Promise<readonly TargetKind[]>;
  /** The records that there are of these, held until the transaction ends: nobody changes them in between. */
  read(kind: string, ids: readonly string[]): Promise<readonly LocalRecord[]>;
  /** Writes records one by one in order; the results stand at the place of their writes. One that fails undoes no other. */
  write(kind: string, writes: readonly RecordWrite[]): Promise<readonly RecordWriteResult[]>;
  /** Deletes records, and clears what refers to them; ids that are not there are passed over. */
  remove(kind: string, ids: readonly string[]): Promise<void>;
  /** Up to `limit` records of a kind that changed here, by id after `after`; all begin after the empty text. */
  changes(kind: string, after: string, limit: number): Promise<readonly LocalChange[]>;
  /** Takes changes off that list unless the record has changed again. */
  settle(kind: string, changes: readonly LocalChange[]): Promise<void>;
  /** Puts records on that list as they are. */
  queue(kind: string, ids: readonly string[]): Promise<void>;
}

/** A record of the outside system, its fields under their names there. */
export interface RemoteRecord {
  readonly id: string;
  /** Instant of its last change, RFC 3339 UTC with milliseconds. */
  readonly stamp: string;
  readonly fields: FieldValues;
}

/** A place in the order of changes of one object: by stamp, and by id where stamps tie. */
export interface ChangePosition {
  readonly stamp: string;
  /** Absent at a place before every record of that stamp. */
  readonly id?: string | undefined;
}

/** Up to `limit` changed records in the order of changes. */
export interface ChangePage {
  readonly records: readonly RemoteRecord[];
  /** Whether there is no more now. */
  readonly done: boolean;
}

/** A record deleted outside. */
export interface RemoteDeletion {
  readonly id: string;
  readonly deletedAt: string;
}

/** Deletions of an interval. */
export interface DeletionPage {
  readonly deletions: readonly RemoteDeletion[];
  /** Up to which instant the answer is complete; the next question begins here. */
  readonly coveredUntil: string;
  /** Whether the outside system no longer knows all deletions of the interval, so that only a new load finds them. */
  readonly incomplete: boolean;
}

/** One part of a load, with the place that follows it: plain JSON, to be kept and given again. */
export interface LoadPage {
  readonly records: readonly RemoteRecord[];
  readonly next: LoadPlace;
}

/** Where a load is; `state` is the source's own and means nothing to others. */
export interface LoadPlace {
  readonly state: string;
  readonly done: boolean;
}

/** A load cannot go on where it was and has to begin anew; `cause` says why. */
export class LoadLost extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
    this.name = 'LoadLost';
  }
}

/** Fields to write to a record outside, only if it was not changed after `unmodifiedSince`. */
export interface RemoteUpdate {
  readonly id: string;
  readonly unmodifiedSince: string;
  readonly fields: FieldValues;
}

/** A record to create outside; `key` is our id, by which a repeated creation finds what the first one made. */
export interface RemoteCreation {
  readonly key: string;
  readonly fields: FieldValues;
}

/**
 * What came of a write outside: `changed` when the record was changed after `unmodifiedSince`, `busy` when the same
 * write may succeed later, `refused` with the reason given, `gone` when the record was deleted.
 */
export type RemoteWriteResult =
  | { readonly outcome: 'written'; readonly id: string }
  | { readonly outcome: 'changed' }
  | { readonly outcome: 'busy'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'gone' };

/**
 * An outside system that records are exchanged with. Methods throw the provider's own `AppError`s; what is thrown ends
 * a run, which is resumed where it was.
 */
export interface RecordSource {
  /** The outside system's own clock, which stamps come from. */
  now(): Promise<string>;
  /**
   * Reads all records of an object part by part, from the beginning or from a place that was kept. Throws `LoadLost`
   * when that place is no more.
   */
  load(object: string, fields: readonly string[], place?: LoadPlace): AsyncIterable<LoadPage>;
  /** Records changed at or after a place, in the order of changes. */
  changes(object: string, fields: readonly string[], from: ChangePosition): Promise<ChangePage>;
  /** Records deleted since an instant. */
  deletions(object: string, since: string): Promise<DeletionPage>;
  /** The records that there are of these ids, deleted ones left out. */
  read(object: string, fields: readonly string[], ids: readonly string[]): Promise<readonly RemoteRecord[]>;
  /** Changes records; the results stand at the place of their updates. */
  update(object: string, updates: readonly RemoteUpdate[]): Promise<readonly RemoteWriteResult[]>;
  /** Creates records by our id in `keyField`; the results stand at the place of their creations. */
  create(
    object: string,
    keyField: string,
    creations: readonly RemoteCreation[],
  ): Promise<readonly RemoteWriteResult[]>;
}
