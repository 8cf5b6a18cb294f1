import type { TObject } from 'typebox';
import type { Caller } from '../../http.ts';
import type { ListRequest } from '../query/list-request.ts';
import { readNames } from '../query/names.ts';
import type { Relation } from './relation.ts';

/** A request for records, parted into what its service is asked and what is answered inside its records. */
export interface Included {
  /** What the service is asked: whole records, since `fields` may leave out what refers to others. */
  readonly request: ListRequest;
  /** Puts what is related into each record, and leaves out what `fields` does not name. */
  answer(records: readonly object[], by: Caller): Promise<object[]>;
}

/** What of a resource says how its records are related. */
export interface Related {
  readonly record: TObject;
  readonly relations?: readonly Relation[];
}

/**
 * Reads `include`; undefined when nothing is asked for. `at` is where the request holds it, a JSON pointer.
 * Throws `VALIDATION_FAILED` for names that are not declared.
 */
export function readIncluded(
  { include, fields, ...request }: ListRequest,
  { record, relations = [] }: Related,
  at: string,
): Included | undefined {
  const known = relations.map(({ name }) => name);
  const names = readNames(include, known, `${at}/include`);
  if (names.length === 0) return undefined;
  const asked = relations.filter(({ name }) => names.includes(name));
  const shown = readNames(fields, Object.keys(record.properties), `${at}/fields`);
  const kept = shown.length === 0 ? undefined : new Set(['id', 'version', ...shown, ...names]);
  return {
    request,
    async answer(records, by) {
      const found = await Promise.all(asked.map(async (relation) => load(relation, records, by)));
      return records.map((given) => {
        const whole = new Map<string, unknown>(Object.entries(given));
        asked.forEach(({ name, field }, index) =>
          whole.set(name, found[index]?.get(String(whole.get(field))) ?? null),
        );
        const entries = [...whole];
        return Object.fromEntries(kept === undefined ? entries : entries.filter(([name]) => kept.has(name)));
      });
    },
  };
}

/** The records that these refer to, by their ids. */
async function load(
  relation: Relation,
  records: readonly object[],
  by: Caller,
): Promise<ReadonlyMap<string, object>> {
  const ids = new Set<string>();
  for (const record of records) {
    const id: unknown = Reflect.get(record, relation.field);
    if (typeof id === 'string') ids.add(id);
  }
  if (ids.size === 0) return new Map();
  const related = await relation.load([...ids], by);
  return new Map(related.map((found) => [String(Reflect.get(found, 'id')), found]));
}
