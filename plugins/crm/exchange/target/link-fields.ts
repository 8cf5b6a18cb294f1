import { isObject } from '@orchestrall/sdk/resources';
import type { JsonObject } from '@orchestrall/sdk/resources';
import type { FieldValues, TargetField } from '../../provider.ts';
import { subjectTypes } from '../../records/kind.ts';
import type { KindName } from '../../records/kind.ts';
import type { TablesByKind } from '../../records/unseen.ts';
import type { ExtraFields } from './extra-fields.ts';

/** One record of each kind that an activity is about, as a reference; others that it is about stay. */
export function linkFields(tables: TablesByKind): ExtraFields {
  const kinds = new Map<string, KindName>(subjectTypes.map((kind) => [`${kind}_id`, kind]));
  return {
    fields: [...kinds].map(([name, kind]): TargetField => ({
      name,
      type: 'reference',
      references: tables[kind],
    })),
    instead: ['records'],
    of(record) {
      const links = linksOf(record);
      const ids = [...kinds].map(([name, kind]) => [name, first(links, kind)] as const);
      return Object.fromEntries(ids);
    },
    apply: (given, before) => ({ fields: { records: withLinks(kinds, linksOf(before), given) } }),
  };
}

function withLinks(
  kinds: ReadonlyMap<string, KindName>,
  links: readonly JsonObject[],
  given: FieldValues,
): JsonObject[] {
  let records = [...links];
  for (const [name, kind] of kinds) {
    const id = given[name];
    const former = first(records, kind);
    if (id === undefined || id === former) continue;
    const at = records.findIndex((link) => link['id'] === former);
    const others = records.filter((link) => link['id'] !== former && link['id'] !== id);
    const added = id === null ? [] : [{ kind, id }];
    records = at < 0 ? [...others, ...added] : [...others.slice(0, at), ...added, ...others.slice(at)];
  }
  return records;
}

function linksOf(record: JsonObject): JsonObject[] {
  const records = record['records'];
  return Array.isArray(records) ? records.filter(isObject) : [];
}

function first(links: readonly JsonObject[], kind: KindName): string | null {
  const id = links.find((link) => link['kind'] === kind)?.['id'];
  return typeof id === 'string' ? id : null;
}
