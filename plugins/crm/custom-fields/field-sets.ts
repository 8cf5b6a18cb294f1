import type { FieldSet } from '@orchestrall/sdk/resources';
import type { TableName } from '../records/kind.ts';
import { buildField } from './build-field.ts';
import { answeredAs } from './names.ts';
import type { Definition } from './store.ts';

/** The custom fields of one kind of record, under the names by which records have them. */
export interface CustomFieldSet {
  readonly fields: FieldSet;
  readonly definitions: ReadonlyMap<string, Definition>;
}

/** Those of every kind that has any. */
export type CustomFieldSets = Readonly<Partial<Record<TableName, CustomFieldSet>>>;

/**
 * Makes fields of what is declared for one kind. A built-in field that came later with the name of a custom one has it:
 * the custom one is then answered as `custom_<name>`. Names of columns in files that are taken are left to their holders.
 */
export function fieldSetOf(definitions: readonly Definition[], builtIn: FieldSet): CustomFieldSet {
  const active = definitions
    .filter(({ removed_at }) => removed_at === null)
    .map((definition) => [answeredAs(definition.name, builtIn), definition] as const);
  const named = [...Object.keys(builtIn), ...active.map(([name]) => name)].map((name) =>
    name.replaceAll('_', ''),
  );
  const taken = new Set([...named, ...Object.values(builtIn).flatMap(({ headers }) => headers)]);
  const fields = active.map(([name, definition]) => {
    const field = buildField(definition);
    const headers = field.headers.filter((header) => header !== '' && !taken.has(header));
    for (const header of headers) taken.add(header);
    return [name, { ...field, headers }] as const;
  });
  return { fields: Object.fromEntries(fields), definitions: new Map(active) };
}
