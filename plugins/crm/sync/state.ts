import type { FieldValue, FieldValues, RecordTarget } from '../provider.ts';

/** Which record there is which record here, and what both were when they last agreed. */
export interface Link {
  readonly object: string;
  readonly externalId: string;
  readonly kind: string;
  readonly localId: string;
  /** Stamp of the record there when it was last taken. */
  readonly stamp: string;
  /** Values there, in our form, that were last taken or given. */
  readonly base: FieldValues;
  /** Values here where what was kept differs from `base`, such as a domain in lower case. */
  readonly kept: FieldValues;
  /** The load that last saw the record; null when none did. */
  readonly loadId: string | null;
  /** Whether the pair was parted by a deletion on one side; neither side is then written. */
  readonly parted: boolean;
}

/** What could not be taken or given; `field` is empty for the whole record. */
export interface Rejection {
  readonly direction: 'pull' | 'push';
  readonly object: string;
  /** Id there for `pull`, id here for `push`. */
  readonly id: string;
  readonly field: string;
  readonly reason: string;
}

/** Two changes of one thing; `open` ones wait for a decision and nothing is written over either side. */
export interface Conflict {
  readonly object: string;
  readonly externalId: string;
  readonly localId: string;
  /** Name of the field here; empty when the record itself was deleted on one side. */
  readonly field: string;
  readonly reason: 'both_changed' | 'deleted_here' | 'deleted_there' | 'would_lose';
  readonly local: FieldValue;
  readonly remote: FieldValue;
  readonly base: FieldValue;
  /** `remote` when the mapping takes their side by itself; such a conflict is only told. */
  readonly resolution: 'remote' | null;
}

/** A reference of a taken record to one that is not here (yet). */
export interface MissingReference {
  readonly object: string;
  readonly externalId: string;
  readonly field: string;
  readonly targetObject: string;
  readonly targetId: string;
}

/** How far an object is; plain JSON. Instants are RFC 3339 of the outside system's clock. */
export interface Cursor {
  /** The load under way or, when `done`, the last one. */
  readonly load: {
    readonly id: string;
    readonly startedAt: string;
    readonly place: string | null;
    /** `reading` rows, then `sweeping` what is here but no longer there, then `done`. */
    readonly phase: 'reading' | 'sweeping' | 'done';
    /** The fields it took; another mapping needs another load. */
    readonly mapping: string;
  };
  /** Changes before it are in, but for those that were under way in the overlap. */
  readonly changedSince: string;
  /** Where a pull that is under way goes on; null between pulls. */
  readonly pull: { readonly startedAt: string; readonly stamp: string; readonly id: string | null } | null;
  /** Deletions before it are in. */
  readonly deletedSince: string;
}

/** What a sync keeps, within one transaction. Values of records stand in links, conflicts and rejections. */
export interface SyncState {
  cursor(object: string): Promise<Cursor | undefined>;
  saveCursor(object: string, cursor: Cursor): Promise<void>;

  /** The links of records there. */
  links(object: string, externalIds: readonly string[]): Promise<readonly Link[]>;
  /** The links of records here. */
  linksHere(kind: string, localIds: readonly string[]): Promise<readonly Link[]>;
  /** Up to `limit` unparted links of an object that a load has not seen, by external id after `after`. */
  linksUnseen(object: string, loadId: string, after: string, limit: number): Promise<readonly Link[]>;
  /** Writes links by object and external id. */
  saveLinks(links: readonly Link[]): Promise<void>;
  dropLinks(object: string, externalIds: readonly string[]): Promise<void>;

  /** Replaces what is listed of these records in this direction. */
  replaceRejections(
    direction: Rejection['direction'],
    object: string,
    ids: readonly string[],
    rejections: readonly Rejection[],
  ): Promise<void>;
  /** Replaces the open conflicts of these records; one that is told already keeps its time. */
  replaceConflicts(
    object: string,
    externalIds: readonly string[],
    conflicts: readonly Conflict[],
  ): Promise<void>;
  openConflicts(object: string, externalIds: readonly string[]): Promise<readonly Conflict[]>;

  /** Replaces the missing references of these records. */
  replaceMissing(
    object: string,
    externalIds: readonly string[],
    missing: readonly MissingReference[],
  ): Promise<void>;
  /** Ids of up to `limit` records of an object with a missing reference to a record that has come since. */
  resolvable(object: string, limit: number): Promise<readonly string[]>;
}

/** Everything that a step of a sync writes, committed or undone together. */
export type SyncUnit = RecordTarget & SyncState;

/** Runs a step in one transaction; `Job.transaction` of the sync's job in the appliance. */
export interface SyncStore {
  transaction<Result>(work: (unit: SyncUnit) => Promise<Result>): Promise<Result>;
}
