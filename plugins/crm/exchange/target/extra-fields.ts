import type { JsonObject } from '@orchestrall/sdk/resources';
import type { FieldValues, TargetField } from '../../provider.ts';

/**
 * Fields under which providers know what a kind of record keeps in another form, such as the name of a deal's stage
 * instead of its id.
 */
export interface ExtraFields {
  readonly fields: readonly TargetField[];
  /** Fields of the kind that they stand for, which providers do not see. */
  readonly instead: readonly string[];
  /** Their values in a record. */
  of(record: JsonObject): FieldValues;
  /** The fields of the kind that given values mean, over what a record has; or why there are none. */
  apply(
    given: FieldValues,
    before: JsonObject,
  ): { readonly fields: JsonObject } | { readonly reason: string };
}

/** No such fields. */
export const noExtraFields: ExtraFields = {
  fields: [],
  instead: [],
  of: () => ({}),
  apply: () => ({ fields: {} }),
};
