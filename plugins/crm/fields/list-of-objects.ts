import { kindOf } from '@orchestrall/sdk/resources';

/** What fields have in common that hold a list of objects: one column, which files, filters and orders leave out. */
export const objectsColumn = {
  type: 'jsonb',
  required: true,
  filterable: false,
  sortable: false,
  inFiles: false,
  headers: [],
} as const;

/** The items of a list that was given, none where nothing was; `noun` is what they are called, in the plural. */
export function readItems(
  given: unknown,
  noun: string,
  most: number,
): { readonly items: readonly unknown[]; readonly fault?: string } {
  const items: unknown = given ?? [];
  if (!Array.isArray(items)) return { items: [], fault: `must be a list of ${noun}, is ${kindOf(items)}` };
  if (items.length > most)
    return { items: [], fault: `must be at most ${most} ${noun}, are ${items.length}` };
  return { items };
}
