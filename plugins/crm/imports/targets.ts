import type { Fault } from '@orchestrall/sdk';
import { isObject } from '@orchestrall/sdk/resources';
import { targetsOf } from './columns.ts';
import type { ImportTargets, Mapping } from './columns.ts';
import { referencesOf } from './references.ts';
import type { KindScope } from './scope.ts';

/** What a file may feed of a kind of record: what its sender may write. */
export function importTargets(scope: KindScope): ImportTargets {
  const { kind, view } = scope;
  const { linked } = kind;
  const mayWrite = (name: string): boolean => !view.hidden.has(name) && !view.readOnly.has(name);
  const writable = (name: string): boolean => {
    const { derived, inFiles } = kind.fields[name] ?? {};
    const isRead = derived === undefined && inFiles !== false;
    return isRead && mayWrite(name);
  };
  const references = [...referencesOf(scope)].map(([field, { keys }]) => [field, keys] as const);
  const fields = Object.fromEntries(Object.entries(kind.fields).filter(([name]) => writable(name)));
  const feeds = (name: string): boolean =>
    linked?.kinds.some((one) => one === name) === true ? mayWrite(linked.field) : writable(name);
  return { table: kind.table, fields, references: new Map(references.filter(([name]) => feeds(name))) };
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
