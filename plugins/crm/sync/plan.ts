import type { FieldValue, FieldValues } from '../provider.ts';
import type { SameValue } from './merge.ts';
import { isSame } from './values.ts';

/**
 * A value of the outside system in our form: `value` as it fits (`cut` says that something of it is lost), `reference`
 * to another record of the outside system, `unknown` for one that says nothing about ours, which stays as it is, or
 * `fault`, why it cannot be taken.
 */
export type Taken =
  | { readonly value: FieldValue; readonly cut?: string }
  | { readonly unknown: true }
  | { readonly reference: RemoteReference }
  | { readonly fault: string };

/** A record of the outside system, by object and id. */
export interface RemoteReference {
  readonly object: string;
  readonly id: string;
}

/** How one field goes from there to here, and back. */
export interface FieldPlan {
  /** Name in the outside system. */
  readonly remote: string;
  /** Name here. */
  readonly local: string;
  /** Brings a value of theirs into our form. */
  take(value: FieldValue): Taken;
  /**
   * Brings a value of ours into their form, undefined where theirs stays as it is; absent when the field is never
   * written there.
   */
  readonly give?: ((value: FieldValue) => FieldValue | undefined) | undefined;
  /** Brings values that mean the same into one form, such as e-mails in lower case; absent when none do. */
  readonly fold?: ((value: FieldValue) => FieldValue) | undefined;
  /** The kind that a reference names here; its value is then given as the id there. */
  readonly references?: string | undefined;
}

/** How the records of one object of the outside system become records of one kind, and back. */
export interface ObjectPlan {
  readonly object: string;
  readonly kind: string;
  /** Whether changes made here go back: not at all, to records that came from there, or new records too. */
  readonly push: 'none' | 'update' | 'create_and_update';
  /** Field there that holds our id, by which a creation is found again; needed for `create_and_update`. */
  readonly keyField?: string | undefined;
  readonly fields: readonly FieldPlan[];
  /** Values that a record made here from this object has, and by which a record of ours belongs to it. */
  readonly constants?: FieldValues | undefined;
  /** Values that a record made here has where theirs says nothing, such as who owns it. */
  readonly defaults?: FieldValues | undefined;
}

/** Compares values of a plan's fields by what they mean. */
export function sameIn(plan: ObjectPlan): SameValue {
  const folds = new Map(
    plan.fields.flatMap(({ local, fold }) => (fold === undefined ? [] : [[local, fold]])),
  );
  return (field, a, b) => {
    const fold = folds.get(field);
    return fold === undefined ? isSame(a, b) : isSame(fold(a), fold(b));
  };
}

/** Every field of theirs that the plan reads, each once. */
export function remoteFieldsOf(plan: ObjectPlan): string[] {
  const key = plan.keyField === undefined ? [] : [plan.keyField];
  return [...new Set([...plan.fields.map((field) => field.remote), ...key])];
}

/** The fields of a plan as one text that differs where a load made with the one does not do for the other. */
export function mappingOf({ kind, fields }: ObjectPlan): string {
  return [kind, ...fields.map(({ remote, local }) => `${remote}:${local}`).toSorted()].join(' ');
}
