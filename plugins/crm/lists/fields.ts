import type { FieldsOf } from '@orchestrall/sdk/resources';
import { filterField, requiredChoice, sharedFields } from '../sharing/fields.ts';

/** The fields of a list that callers write. */
export const listFields = {
  ...sharedFields(),
  type: requiredChoice(
    ['static', 'dynamic'],
    'Whether its members are named one by one, or are all records of which its filter holds; stays as it is.',
    'static',
  ),
  filter: filterField('Of a dynamic list: as the `filter` of a list of records.'),
};

/** Their values. */
export type ListFields = FieldsOf<typeof listFields>;
