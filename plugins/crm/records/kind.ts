import type { AppError, EventDefinition, Transaction } from '@orchestrall/sdk';
import type { Checked, FieldSet, FoldedColumn, JsonObject, Kept, Sql } from '@orchestrall/sdk/resources';
import type { TObject, TProperties } from 'typebox';
import type { Actor } from '../contract.ts';
import type { Access, Owned } from './access.ts';

export type { Kept };

/** Kinds of records that have a timeline, that activities are about, and that are associated with each other. */
export const subjectTypes = ['contact', 'company', 'deal'] as const;

/** Which records have a timeline. */
export type SubjectType = (typeof subjectTypes)[number];

/** Names of the kinds of records: in the timeline, in audit entries and as the nouns of their events. */
export type KindName = SubjectType | 'activity';

/** Tables of records, which are also the last parts of their paths. */
export type TableName = 'contacts' | 'companies' | 'deals' | 'activities';

/** A field by which a record is found whatever its spelling: by an import, or because no other may have it. */
export interface RecordKey<Fields> {
  /** Column that holds the folded key, with an index: that of the field itself where it is kept folded. */
  readonly column: string;
  /** What the record has in the field. */
  of(fields: Fields): string | null;
  /** The form in which two spellings are the same. */
  fold(text: string): string;
  /**
   * The refusal of a key that another record has, whose id is told where the caller may see it; absent where several
   * may have one key. The column is then unique.
   */
  taken?(text: string, holder: string | undefined): AppError;
}

/** A record that fields refer to, and where they do, such as `/company_id`. */
export interface Reference {
  readonly kind: KindName;
  readonly id: string;
  readonly path: string;
}

/** What a field refers to beside records, or records themselves, as an import finds it by its keys. */
export interface Lookup {
  /** What one of them is called, such as `company`. */
  readonly name: string;
  /** Keys by which one may be found, the surest first. */
  readonly keys: readonly string[];
  /** The form of a key in which two spellings are the same. */
  fold(key: string, text: string): string;
  /** The ids that have these folded keys, in one query. */
  find(
    tx: Transaction,
    key: string,
    folded: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Those of several ids with one key that fit the other fields of a row; absent where any does. */
  narrow?(ids: readonly string[], fields: object): readonly string[];
}

/** The records that fields refer to, held. */
export interface HeldReferences<Fields> {
  /** The refusal of fields that refer to a record that is not there. */
  faultOf(fields: Fields): AppError | undefined;
  /** The fields with what follows from those records filled in; absent when nothing does. */
  settled?(fields: Fields): Fields;
}

/** A record that was written or deleted; the version of a deleted one is beyond its last. */
export interface NotedChange {
  readonly id: string;
  readonly version: number;
}

/** A record that was just written, with what it was before; absent for a new one. */
export interface Recorded<Fields> {
  readonly before?: Kept<Fields>;
  readonly after: Kept<Fields>;
}

/** A list among the fields that holds records, which a file names in columns of their own, one of each kind a row. */
export interface LinkedRecords<Fields> {
  /** The field; who may not write it may not name its records. */
  readonly field: string;
  readonly kinds: readonly SubjectType[];
  /** The field's value with one record more; as it is where the record is in it. */
  withRecord(fields: Fields, kind: SubjectType, id: string): readonly JsonObject[];
}

/** The events of one kind of record; each carries the record under the kind's name. */
export interface RecordEvents {
  readonly created: EventDefinition;
  readonly updated: EventDefinition;
  readonly deleted: EventDefinition;
}

/** What every kind of record has among its fields. */
export type CommonFields = Owned & { readonly tags: string[] };

/** Fields about to be written to a record. */
export interface Written<Fields> {
  /** Of the record; a new one has it already. */
  readonly id: string;
  readonly fields: Fields;
  /** Absent for a new record. */
  readonly before?: Fields | undefined;
}

/**
 * Everything that is particular to one kind of record. What all kinds have in common is done with it by `service.ts`
 * (decisions), `write.ts` (records with their events, audit entries and timelines) and `store.ts` (SQL).
 */
export interface RecordKind<Fields extends CommonFields = CommonFields> {
  readonly name: KindName;
  readonly table: TableName;
  /** Of its collection. */
  readonly path: string;
  /** Those of its own, and those that administrators have added. */
  readonly fields: FieldSet;
  /** A whole record as it is answered. */
  readonly record: TObject;
  /** What a record is created with. */
  readonly input: TObject;
  /** Fields that a record is called by, which a search puts first; default the first that is found by its words. */
  readonly titles?: readonly string[];
  /** Filters of its list beside those of every list. */
  readonly filters: TProperties;
  /** By the name of the field. The first is the default key of imports; those that have `taken` are unique. */
  readonly keys: Readonly<Record<string, RecordKey<Fields>>>;
  /** What a new record has in fields that are not given; default nothing. */
  readonly defaults?: JsonObject;
  /** By the name of the field: columns beside those of values that are no text, which hold their one spelling. */
  readonly spellings?: Readonly<Record<string, FoldedColumn>>;
  /** Fields that hold the id of another record, with its kind. */
  readonly references: Readonly<Record<string, KindName>>;
  /** The records that a field with several of them refers to; absent where there is no such field. */
  refersTo?(fields: Fields): readonly Reference[];
  /** What the columns of a file that name other records by their kinds feed; absent where there are none. */
  readonly linked?: LinkedRecords<Fields>;
  /** Conditions of the filters that are its own beside `q`, `tag` and references; absent where there are none. */
  conditions?(filters: JsonObject): Iterable<Sql>;
  /** Fields that hold the id of something else, made anew for each import; absent when there are none. */
  readonly lookups?: Readonly<Record<string, () => Lookup>>;
  readonly events: RecordEvents;
  /** Reads the fields of one record, and holds them to what its fields must be together. */
  read(given: JsonObject): Checked<Fields>;
  /** Holds the records that these fields refer to until the transaction ends; absent when they refer to none. */
  holdReferences?(
    tx: Transaction,
    given: readonly Written<Fields>[],
    by: Actor,
  ): Promise<HeldReferences<Fields>>;
  /** Keeps and tells what else follows from creations and changes, in their transaction; absent when nothing does. */
  recorded?(tx: Transaction, written: readonly Recorded<Fields>[], by: Actor): Promise<void>;
  /** Lists records for an outside system that they are exchanged with; absent when there is none. */
  noted?(tx: Transaction, changes: readonly NotedChange[]): Promise<void>;
  /** Takes a locked record that is about to be deleted out of what else tells of it; absent when nothing does. */
  released?(tx: Transaction, record: Kept<Fields>, by: Actor): Promise<void>;
  /** Who may see an event that tells of a record; absent, or undefined, for everyone who may sign in. */
  audienceOf?(record: Owned): readonly string[] | undefined;
  notFound(id: string): AppError;
}

/** What a kind is made with, anew for each generation of the plugin. */
export interface KindOptions {
  readonly access: Access;
  /** Fields that administrators have added to it; default none. */
  readonly custom?: FieldSet;
}

/** The first key that no two records share; undefined when the kind has none. */
export function uniqueKeyOf<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
): RecordKey<Fields> | undefined {
  return uniqueKeysOf(kind)[0];
}

/** A key that no two records share. */
export type UniqueKey<Fields> = RecordKey<Fields> & Required<Pick<RecordKey<Fields>, 'taken'>>;

/** The keys that no two records share, that of the kind itself first. */
export function uniqueKeysOf<Fields extends CommonFields>(kind: RecordKind<Fields>): UniqueKey<Fields>[] {
  return Object.values(kind.keys).filter((key) => isUnique(key));
}

function isUnique<Fields>(key: RecordKey<Fields>): key is UniqueKey<Fields> {
  return key.taken !== undefined;
}

/** What a new record is read from: what is given, and the defaults of what is not. */
export function withDefaults<Fields extends CommonFields>(
  { defaults = {} }: Pick<RecordKind<Fields>, 'defaults'>,
  given: JsonObject,
): JsonObject {
  return { ...defaults, ...given };
}

/** The fields of a record by name, as a merge patch applies to them: without those that are derived. */
export function fieldsOf({ fields }: Pick<RecordKind, 'fields'>, record: object): JsonObject {
  const sent = (name: string) => Object.hasOwn(fields, name) && fields[name]?.derived === undefined;
  return Object.fromEntries(Object.entries(record).filter(([name]) => sent(name)));
}
