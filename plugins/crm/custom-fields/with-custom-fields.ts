import { validationFailed } from '@orchestrall/sdk';
import type { Fault, Transaction } from '@orchestrall/sdk';
import { crmError, holderOf } from '../errors.ts';
import type {
  CommonFields,
  HeldReferences,
  KindName,
  RecordKey,
  RecordKind,
  TableName,
  Written,
} from '../records/kind.ts';
import { holdExisting } from '../records/store.ts';
import { spellingOf } from './build-field.ts';
import { spelledColumn } from './columns.ts';
import type { CustomFieldSet } from './field-sets.ts';
import { keyColumnOf } from './names.ts';
import type { Definition } from './store.ts';

/** Names of kinds of records by their tables. */
export type KindNames = Readonly<Record<TableName, KindName>>;

/**
 * A kind of record with what its custom fields ask for beside being read: unique keys, defaults, references, and options
 * that further records are not given. Its fields hold them already.
 */
export function withCustomFields<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  { definitions }: CustomFieldSet,
  kindNames: KindNames,
): RecordKind<Fields> {
  if (definitions.size === 0) return kind;
  const named = [...definitions];
  const keys = named.flatMap(([name, definition]) =>
    definition.unique ? [[name, uniqueKey<Fields>(kind, name, definition)] as const] : [],
  );
  const spellings = named.flatMap(([name, definition]) => {
    const spelled = spelledColumn(definition);
    return spelled === undefined ? [] : [[name, spelled] as const];
  });
  const references = named.flatMap(([name, { references: table }]) =>
    table === null ? [] : [[name, kindNames[table]] as const],
  );
  const defaults = named.flatMap(([name, { default: value }]) =>
    value === null ? [] : [[name, value] as const],
  );
  return {
    ...kind,
    keys: { ...kind.keys, ...Object.fromEntries(keys) },
    spellings: { ...kind.spellings, ...Object.fromEntries(spellings) },
    references: { ...kind.references, ...Object.fromEntries(references) },
    defaults: { ...kind.defaults, ...Object.fromEntries(defaults) },
    async holdReferences(tx, given, by) {
      const own: HeldReferences<Fields> = (await kind.holdReferences?.(tx, given, by)) ?? {
        faultOf: () => undefined,
      };
      const faults = await faultsOf(definitions, kindNames, tx, given);
      return {
        ...own,
        faultOf(fields) {
          const found = faults.get(fields);
          return own.faultOf(fields) ?? (found === undefined ? undefined : validationFailed(found));
        },
      };
    },
  };
}

function uniqueKey<Fields extends CommonFields>(
  { name: noun }: Pick<RecordKind, 'name'>,
  field: string,
  { name, type }: Definition,
): RecordKey<Fields> {
  return {
    column: keyColumnOf(name),
    of: (fields) => textOf(valueOf(fields, field)),
    fold: spellingOf(type),
    taken: (value, id) => crmError('VALUE_TAKEN', { field, value, ...holderOf(noun, id) }),
  };
}

/** What is wrong with fields that are about to be written, by themselves; what a record has already may stay. */
async function faultsOf<Fields extends CommonFields>(
  definitions: ReadonlyMap<string, Definition>,
  kindNames: KindNames,
  tx: Transaction,
  given: readonly Written<Fields>[],
): Promise<ReadonlyMap<Fields, Fault[]>> {
  const faults = new Map<Fields, Fault[]>();
  const fault = (fields: Fields, path: string, message: string): void => {
    faults.set(fields, [...(faults.get(fields) ?? []), { path: `/${path}`, message }]);
  };
  for (const [name, { options, references }] of definitions) {
    const retired = new Set(options?.flatMap((option) => (option.retired ? [option.value] : [])));
    if (retired.size > 0) {
      for (const { fields, before } of given) {
        const kept = new Set(listOf(before === undefined ? null : valueOf(before, name)));
        const again = listOf(valueOf(fields, name)).find((value) => retired.has(value) && !kept.has(value));
        if (again !== undefined)
          fault(fields, name, `must not be ${again}, which is retired; records that have it keep it`);
      }
    }
    if (references === null) continue;
    const changed = given.flatMap(({ fields, before }) => {
      const id = textOf(valueOf(fields, name));
      return id === null || (before !== undefined && valueOf(before, name) === id) ? [] : [{ fields, id }];
    });
    const found = await holdExisting(references, tx, new Set(changed.map(({ id }) => id)));
    const noun = kindNames[references];
    for (const { fields, id } of changed)
      if (!found.has(id)) fault(fields, name, `must be the id of a ${noun}; no ${noun} has the id ${id}`);
  }
  return faults;
}

function valueOf(fields: object, name: string): unknown {
  return Object.hasOwn(fields, name) ? Reflect.get(fields, name) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}
