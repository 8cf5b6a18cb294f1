import type { CustomFieldSets } from './field-sets.ts';
import { fieldSetOf } from './field-sets.ts';
import type { KindOfFields } from './service.ts';
import { listDefinitions } from './store.ts';
import type { Queryable } from '@orchestrall/sdk/resources';
import type { TableName } from '../records/kind.ts';

/** Reads the custom fields that a generation of the plugin serves, of every kind. */
export async function readFieldSets(
  database: Queryable,
  kinds: Readonly<Record<TableName, KindOfFields>>,
): Promise<CustomFieldSets> {
  const definitions = await listDefinitions(database);
  const sets = Object.entries(kinds).map(([object, { builtIn }]) => [
    object,
    fieldSetOf(
      definitions.filter((definition) => definition.object === object),
      builtIn,
    ),
  ]);
  return Object.fromEntries(sets);
}
