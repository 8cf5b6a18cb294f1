import type { Static, TSchema } from 'typebox';
import type { Fault } from '../../errors.ts';
import type { JsonObject } from './merge-patch.ts';

/** Types of PostgreSQL that a field's column may have. */
export type ColumnType =
  | 'text'
  | 'uuid'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'boolean'
  | 'date'
  | 'timestamptz'
  | 'text[]'
  | 'jsonb';

/** A second column that holds text in the form in which spellings are the same; an index on it serves filters and sorting. */
export interface FoldedColumn {
  readonly column: string;
  fold(text: string): string;
}

/**
 * One field of a record, declared once: what is sent and answered, its column, how it is checked, filtered, sorted,
 * searched, and its columns in files follow from here.
 */
export interface Field<Schema extends TSchema = TSchema, Input extends TSchema = TSchema> {
  /** The value as it is kept and answered. */
  readonly schema: Schema;
  /** The value as it is sent; optional unless no record can be without it. */
  readonly input: Input;
  readonly type: ColumnType;
  /** Default the field's name. */
  readonly column?: string | undefined;
  /** Whether the column is `not null`; default false. */
  readonly required?: boolean | undefined;
  /** Filters and sorting go by it where it is present. */
  readonly folded?: FoldedColumn | undefined;
  /** Whether `filter` may name it; default true. Never for `jsonb`. */
  readonly filterable?: boolean | undefined;
  /** Whether `sort` may name it; default true, but for text of more than 500 characters without `folded`. Never for lists and `jsonb`. */
  readonly sortable?: boolean | undefined;
  /** Names under which files carry it beside its own, folded: without case, accents, spaces, `_`, `-` and `.`. */
  readonly headers: readonly string[];
  /**
   * Never sent, only answered: `kept` is what the plugin finds out and writes, `generated` what the table makes of its
   * other columns; default neither.
   */
  readonly derived?: 'kept' | 'generated' | undefined;
  /** Whether files carry it; default true. One that is derived is written to files and not read from them. */
  readonly inFiles?: boolean | undefined;
  /** Found by the words in it, or by its digits; not found when absent. */
  readonly search?: 'words' | 'digits' | undefined;
  /** Brings a given value into its kept form; absent and `null` are alike. Paths of faults begin at the field. */
  read(given: unknown): { readonly kept: unknown; readonly faults: readonly Fault[] };
}

/** The fields of one kind of record by name, in the order in which they are answered and exported. */
export type FieldSet = Readonly<Record<string, Field>>;

/** The kept values of a set of fields. */
export type FieldsOf<Set extends FieldSet> = { [Name in keyof Set]: Static<Set[Name]['schema']> };

/** What a record was given, read: the fields to keep, and every fault found on the way. */
export interface Checked<Fields> {
  readonly fields: Fields;
  readonly faults: readonly Fault[];
}

// Each of these three walks over a set name by name, which TypeScript does not follow: their first line says what
// comes out for a given set, their second what the walk itself is held to.

/** The schemas of kept values by name. */
export function schemasOf<Set extends FieldSet>(fields: Set): { [Name in keyof Set]: Set[Name]['schema'] };
export function schemasOf(fields: FieldSet): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema]));
}

/** The schemas of sent values by name; what is derived has none. */
export function inputsOf<Set extends FieldSet>(
  fields: Set,
): { [Name in keyof Set as Set[Name] extends Derived ? never : Name]: Set[Name]['input'] };
export function inputsOf(fields: FieldSet): Record<string, TSchema> {
  const sent = Object.entries(fields).filter(([, field]) => field.derived === undefined);
  return Object.fromEntries(sent.map(([name, field]) => [name, field.input]));
}

interface Derived {
  readonly derived: 'kept' | 'generated';
}

/** Reads the fields of one record from what came in over HTTP, a contract or a CSV row; all faults at once. */
export function readFields<Set extends FieldSet>(fields: Set, given: JsonObject): Checked<FieldsOf<Set>>;
export function readFields(fields: FieldSet, given: JsonObject): Checked<object> {
  const kept: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const read = field.read(field.derived === undefined ? given[name] : undefined);
    kept[name] = read.kept;
    for (const { path, message } of read.faults) faults.push({ path: `/${name}${path}`, message });
  }
  for (const name of Object.keys(given)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined || field.derived !== undefined) faults.push(unknownField(fields, name));
  }
  return { fields: kept, faults };
}

/** Kept by the appliance itself; sending them is a mistake worth naming. */
const readOnly = new Set(['id', 'created_at', 'updated_at', 'version']);

function unknownField(fields: FieldSet, name: string): Fault {
  const sent = Object.keys(fields).filter((known) => fields[known]?.derived === undefined);
  const message =
    readOnly.has(name) || Object.hasOwn(fields, name)
      ? 'is set by the appliance; leave it out'
      : `is not a field; the fields are ${sent.join(', ')}`;
  return { path: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, message };
}
