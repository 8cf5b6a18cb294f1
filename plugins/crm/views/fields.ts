import { textField } from '@orchestrall/sdk/resources';
import { Nullable, kindOf, refused } from '@orchestrall/sdk/resources';
import type { Field, FieldsOf } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import { filterField, sharedFields } from '../sharing/fields.ts';

/** Most fields that a view shows. */
const maxFields = 200;

const Names = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  maxItems: maxFields,
  description: 'Fields it shows, in order; none for all.',
});

const shownFields = {
  schema: Names,
  input: Type.Optional(Nullable(Names)),
  type: 'text[]',
  required: true,
  filterable: false,
  headers: [],
  read(given: unknown) {
    const names: unknown = given ?? [];
    if (!Array.isArray(names)) return refused([], `must be a list of names, is ${kindOf(names)}`);
    const kept = names.filter(
      (name: unknown): name is string => typeof name === 'string' && !/[\0,]/.test(name),
    );
    if (kept.length < names.length) return refused([], 'must hold names of fields only');
    if (kept.length > maxFields) return refused([], `must be at most ${maxFields} names`);
    return { kept: [...new Set(kept)], faults: [] };
  },
} satisfies Field;

/** The fields of a saved view that callers write. */
export const viewFields = {
  ...sharedFields(),
  filter: filterField('As the `filter` of a list of records; null for all.'),
  sort: textField(2_000, {
    description: 'As the `sort` of a list of records.',
    filterable: false,
    sortable: false,
  }),
  fields: shownFields,
};

/** Their values. */
export type ViewFields = FieldsOf<typeof viewFields>;
