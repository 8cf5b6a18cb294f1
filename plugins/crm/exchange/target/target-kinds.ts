import type { Transaction } from '@orchestrall/sdk';
import type { JsonObject } from '@orchestrall/sdk/resources';
import type { CustomFieldSets } from '../../custom-fields/field-sets.ts';
import type { FieldValue, LocalRecord, TargetKind } from '../../provider.ts';
import type { RecordKind } from '../../records/kind.ts';
import type { TablesByKind } from '../../records/unseen.ts';
import { noExtraFields } from './extra-fields.ts';
import type { ExtraFields } from './extra-fields.ts';
import { linkFields } from './link-fields.ts';
import { stageField } from './stage-field.ts';
import { targetField } from './target-field.ts';

/** What providers write to. */
export interface TargetScope {
  readonly kinds: readonly RecordKind[];
  readonly tables: TablesByKind;
  /** The fields that administrators have added. */
  readonly sets: CustomFieldSets;
}

/** A kind of record with the fields under which providers know it. */
export interface Target {
  readonly kind: RecordKind;
  readonly known: TargetKind;
  readonly extra: ExtraFields;
}

/** Every kind of record as providers know it, by its table. */
export async function targetsOf(scope: TargetScope, tx: Transaction): Promise<ReadonlyMap<string, Target>> {
  const targets = new Map<string, Target>();
  for (const kind of scope.kinds) {
    const extra = await extraFieldsOf(kind, scope.tables, tx);
    const fields = Object.entries(kind.fields).flatMap(([name, field]) => {
      if (extra.instead.includes(name)) return [];
      const referred = kind.references[name];
      const references = referred === undefined ? undefined : scope.tables[referred];
      const custom = scope.sets[kind.table]?.definitions.get(name);
      return targetField(name, field, references, custom) ?? [];
    });
    targets.set(kind.table, {
      kind,
      extra,
      known: { name: kind.table, fields: [...fields, ...extra.fields] },
    });
  }
  return targets;
}

async function extraFieldsOf(kind: RecordKind, tables: TablesByKind, tx: Transaction): Promise<ExtraFields> {
  if (kind.name === 'deal') return stageField(tx);
  return kind.name === 'activity' ? linkFields(tables) : noExtraFields;
}

/** A record as providers know it. */
export function localRecord({ known, extra }: Target, record: Stored): LocalRecord {
  const values: JsonObject = { ...record };
  const added = extra.of(values);
  const fields = known.fields.map(({ name }) => [name, added[name] ?? valueOf(values[name])] as const);
  return { id: record.id, version: record.version, fields: Object.fromEntries(fields) };
}

/** Fields as the kind reads them; an empty list is none. */
export function givenFields(given: Readonly<Record<string, FieldValue>>, extra: ExtraFields): JsonObject {
  const own = Object.entries(given).filter(([name]) => !extra.fields.some((field) => field.name === name));
  return Object.fromEntries(own);
}

/** What of a record is needed. */
export type Stored = { readonly id: string; readonly version: number } & object;

function valueOf(value: unknown): FieldValue {
  if (Array.isArray(value)) {
    const items = value.filter((item) => typeof item === 'string');
    return items.length === 0 ? null : items;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
