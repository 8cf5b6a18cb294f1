import type { Fault } from '@orchestrall/sdk';
import { isObject } from '@orchestrall/sdk/resources';
import type { Kinds } from '../kinds.ts';
import { targetsOf } from './columns.ts';
import type { ImportTargets, Mapping } from './columns.ts';
import { referencesOf } from './references.ts';

/** What a file may feed of a kind of record. */
export function importTargets(kinds: Kinds, object: keyof Kinds): ImportTargets {
  const kind = kinds[object];
  const references = [...referencesOf(kinds, kind)].map(([field, { keys }]) => [field, keys] as const);
  return { table: kind.table, fields: kind.fields, references: new Map(references) };
}

/** A mapping, or what is wrong with it; `path` is where it was given. */
export type ReadMapping =
  | { readonly mapping: Mapping; readonly faults?: never }
  | { readonly mapping?: never; readonly faults: readonly Fault[] };

/** Reads a mapping that was given as an object or as JSON text. */
export function readMapping(targets: ImportTargets, given: unknown, path: string): ReadMapping {
  const value = typeof given === 'string' ? parsed(given) : given;
  if (!isObject(value)) {
    const message = 'must be a JSON object of names of columns and their fields, such as {"Mail":"email"}';
    return { faults: [{ path, message }] };
  }
  const known = new Set(targetsOf(targets));
  const mapping = new Map<string, string | null>();
  const faults: Fault[] = [];
  for (const [column, target] of Object.entries(value)) {
    if (target === null || (typeof target === 'string' && known.has(target))) {
      mapping.set(column, target);
      continue;
    }
    const message = `must be null or one of ${[...known].join(', ')}; is ${JSON.stringify(target)}`;
    faults.push({ path: `${path}/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`, message });
  }
  return faults.length > 0 ? { faults } : { mapping: Object.fromEntries(mapping) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
