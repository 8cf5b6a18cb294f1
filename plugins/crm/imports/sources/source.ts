/** A field of a record, or a reference through a key of the other record, such as `company_id.name`. */
export type Target = string;

/**
 * Columns of one kind of record in the order of their worth: of two that feed one field the first does. Where several
 * targets stand, the first that the kind of record has is fed; columns of which it has none are left out.
 */
export type SourceColumns = Readonly<Record<string, Target | readonly Target[]>>;

/** What the files of another system look like. */
export interface Source {
  /** As it is told in answers. */
  readonly name: 'salesforce' | 'hubspot' | 'google' | 'outlook';
  /** By the name of the records' table; names of columns are compared without case, accents, spaces, `_`, `-`, `.`. */
  readonly columns: Readonly<Record<string, SourceColumns>>;
  /** Stands between several values of one cell; of a field that takes one, the first is read. */
  readonly separator?: string;
  /** What stands before each value of a list, and is no part of it. */
  readonly bullet?: string;
}
