import { validationFailed } from '../../errors.ts';
import { cut } from '../fields/text.ts';
import { sortableOf } from './columns.ts';
import type { Column, Columns } from './columns.ts';

/** One key of an order. */
export interface SortKey {
  readonly name: string;
  readonly column: Column;
  readonly descending: boolean;
}

/** Most keys of an order, beside the id that decides between equals. */
export const maxSortKeys = 3;

/**
 * Reads an order: names of fields separated by commas, descending after a `-`, such as `-amount,name`. Missing values
 * come last either way. The id decides between equals, in the direction of the last key, so every order is whole.
 * Throws `VALIDATION_FAILED` for names that are not declared, a name twice and more than 3 keys.
 */
export function readSort(given: string | undefined, columns: Columns, at: string): SortKey[] {
  const keys = (given === undefined || given === '' ? [] : given.split(',')).map((part): SortKey => {
    const text = part.trim();
    const descending = text.startsWith('-');
    const name = descending ? text.slice(1) : text;
    const column = columns.get(name);
    if (column?.sortable === true) return { name, column, descending };
    throw refusal(
      at,
      `must not name ${JSON.stringify(cut(name, 100))}; what can be sorted by: ${sortableOf(columns).join(', ')}`,
    );
  });
  if (new Set(keys.map(({ name }) => name)).size < keys.length) {
    throw refusal(at, 'names a field twice; name each once');
  }
  if (keys.length > maxSortKeys) throw refusal(at, `must be at most ${maxSortKeys} fields; leave some out`);
  return untilId(keys);
}

/** The order by the id alone, which is that of creation. */
export function idOrder(descending = false): SortKey[] {
  const column = { type: 'uuid', column: 'id', nullable: false, folded: undefined } as const;
  return [{ name: 'id', column: { ...column, filterable: true, sortable: true }, descending }];
}

/** What follows the id decides nothing; without it the id is added. */
function untilId(keys: readonly SortKey[]): SortKey[] {
  const at = keys.findIndex(({ name }) => name === 'id');
  if (at >= 0) return keys.slice(0, at + 1);
  return [...keys, ...idOrder(keys.at(-1)?.descending)];
}

function refusal(path: string, message: string) {
  return validationFailed([{ path, message }]);
}
