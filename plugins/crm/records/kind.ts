import type { AppError, Transaction } from '@orchestrall/sdk';
import type { Static } from 'typebox';
import type { Checked, FieldSet } from '../fields/field.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { bookkeeping } from '../fields/schemas.ts';

/** What the appliance keeps of a record beside its fields. */
export type Bookkeeping = { readonly id: string } & {
  [Name in keyof typeof bookkeeping]: Static<(typeof bookkeeping)[Name]>;
};

/** A record as it is kept and answered. */
export type Kept<Fields> = Fields & Bookkeeping;

/** A field by which a record is found whatever its spelling: by an import, or because no other may have it. */
export interface RecordKey<Fields> {
  /** Column that holds the folded key, with an index: that of the field itself where it is kept folded. */
  readonly column: string;
  /** What the record has in the field. */
  of(fields: Fields): string | null;
  /** The form in which two spellings are the same. */
  fold(text: string): string;
  /** The refusal of a key that another record has; absent where several may have one. The column is then unique. */
  taken?(text: string, holder: string): AppError;
}

/** The records that fields refer to, held. */
export interface HeldReferences<Fields> {
  /** The refusal of fields that refer to a record that is not there. */
  faultOf(fields: Fields): AppError | undefined;
}

/**
 * Everything that is particular to one kind of record. What all kinds have in common is done with it by `service.ts`
 * (decisions), `write.ts` (records with their events, audit entries and timelines) and `store.ts` (SQL).
 */
export interface RecordKind<Fields extends object> {
  /** In the timeline, in audit entries and as the noun of its events. */
  readonly name: 'contact' | 'company';
  readonly table: 'contacts' | 'companies';
  readonly fields: FieldSet;
  /** By the name of the field. The first is the default key of imports; the one that has `taken`, if any, is unique. */
  readonly keys: Readonly<Record<string, RecordKey<Fields>>>;
  /** Reads the fields of one record, and holds them to what its fields must be together. */
  read(given: JsonObject): Checked<Fields>;
  /** Holds the records that these fields refer to until the transaction ends; absent when they refer to none. */
  holdReferences?(tx: Transaction, given: readonly Fields[]): Promise<HeldReferences<Fields>>;
  notFound(id: string): AppError;
  /** Emits the event of a record that was created. */
  created(tx: Transaction, record: Kept<Fields>): void;
  /** Emits the event of a record of which the named fields changed. */
  updated(tx: Transaction, record: Kept<Fields>, changed: string[]): void;
  /** Emits the event of a record that was deleted. */
  deleted(tx: Transaction, record: Kept<Fields>): void;
}

/** The key that no two records share; undefined when the kind has none. */
export function uniqueKeyOf<Fields extends object>(kind: RecordKind<Fields>): RecordKey<Fields> | undefined {
  return Object.values(kind.keys).find((key) => key.taken !== undefined);
}

/** The fields of a record by name, as a merge patch applies to them. */
export function fieldsOf<Fields extends object>(kind: RecordKind<Fields>, record: Fields): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => Object.hasOwn(kind.fields, name)));
}
