import { AppError } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { KindName, Lookup } from '../records/kind.ts';
import { withoutNul } from '../records/store.ts';
import { withoutUnseen } from '../records/unseen.ts';
import { createRecords } from '../records/write.ts';
import { readNew } from './read-new.ts';
import { reasonOf, refusalOf } from './reasons.ts';
import type { ReferenceKeys } from './read-row.ts';
import { scopeOf } from './scope.ts';
import type { KindScope } from './scope.ts';

/** What becomes of a row that refers to a record that is not there. */
export type MissingReferences = 'create' | 'leave_empty' | 'fail';

/** What can be referred to by its keys: a kind of record, or whoever owns records. */
export interface ReferenceSource extends Lookup {
  /** Makes those that are missing; gives the id of each, or why it cannot be made. Absent where none can be. */
  create?(tx: Transaction, given: readonly ReferenceKeys[]): Promise<(string | Refusal)[]>;
}

/** Why a reference cannot be resolved. */
export interface Refusal {
  readonly reason: string;
}

/** What a record of a kind cannot be made without, from the keys it is named by. */
const besides: Readonly<Partial<Record<KindName, (keys: ReferenceKeys) => JsonObject>>> = {
  company: ({ name, domain }) => ({ name: name ?? domain }),
  deal: ({ name, external_id: id }) => ({ name: name ?? id }),
};

/**
 * What the fields of a kind of record refer to, by field, as its caller sees it; records that a list holds are named by
 * their kinds.
 */
export function referencesOf(scope: KindScope): ReadonlyMap<string, ReferenceSource> {
  const { references, linked } = scope.kind;
  const named = [
    ...Object.entries(references),
    ...(linked?.kinds.map((name) => [name, name] as const) ?? []),
  ];
  const sources = named.map(([field, name]) => {
    return [field, recordSource(scopeOf(scope, scope.tables[name], scope.by))] as const;
  });
  const lookups = Object.entries(scope.kind.lookups ?? {}).map(([field, make]) => [field, make()] as const);
  return new Map<string, ReferenceSource>([...sources, ...lookups]);
}

/** Records of a kind, by its keys. */
function recordSource({ kind, view, by }: KindScope): ReferenceSource {
  const fold = (key: string, text: string): string => withoutNul(kind.keys[key]?.fold(text) ?? text);
  return {
    name: kind.name,
    keys: Object.keys(kind.keys).filter((key) => !view.hidden.has(key)),
    fold,
    async find(tx, key, folded) {
      const column = kind.keys[key]?.column;
      if (column === undefined || folded.length === 0) return new Map();
      const visible = view.condition === undefined ? sql`` : sql`and ${view.condition}`;
      const query = sql`select id, ${sql.ref(column)} as key from ${sql.table(kind.table)}
        where ${sql.ref(column)} = any(${[...folded]}::text[]) ${visible} order by id`;
      const rows = await tx.query<{ id: string; key: string }>(toStatement(query));
      const found = Map.groupBy(rows, (row) => row.key);
      return new Map([...found].map(([text, holders]) => [text, holders.map(({ id }) => id)]));
    },
    async create(tx, given) {
      const read = given.map((keys) => readNew(kind, { ...besides[kind.name]?.(keys), ...keys }, by));
      const whole = read.filter(({ faults }) => faults.length === 0);
      const results = await createRecords(
        kind,
        tx,
        whole.map(({ fields }) => ({ fields })),
        by,
      );
      const created = new Map(whole.map((one, index) => [one, results[index]]));
      const answers: (string | Refusal)[] = [];
      for (const one of read) {
        const result = await withoutUnseen(kind, tx, one.fields, view, created.get(one));
        if (result === undefined) answers.push({ reason: reasonOf(one.faults) });
        else answers.push(result instanceof AppError ? holderOf(result) : result.id);
      }
      return answers;
    },
  };
}

/** The record that has the key meanwhile, if that is why another could not be made. */
function holderOf(error: AppError): string | Refusal {
  const { id } = error.details;
  return error.status === 409 && typeof id === 'string' ? id : { reason: refusalOf(error) };
}

/** A row that refers to something. */
export interface Referring {
  readonly keys: ReferenceKeys;
  /** What the row has in its other fields. */
  readonly fields: object;
}

/**
 * Finds the records that rows refer to, one query for each key, and does with those that are not there what was chosen:
 * undefined where a reference stays as it is.
 */
export async function resolveReferences(
  source: ReferenceSource,
  tx: Transaction,
  referring: readonly Referring[],
  missing: MissingReferences,
): Promise<(string | undefined | Refusal)[]> {
  const wanted = referring.map(({ keys }) => keys);
  const found = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const key of source.keys) {
    const texts = wanted.flatMap((keys) => (keys[key] === undefined ? [] : [source.fold(key, keys[key])]));
    found.set(key, await source.find(tx, key, [...new Set(texts)]));
  }
  const resolved = referring.map((one) => lookUp(source, found, one));
  const create = source.create?.bind(source);
  if (missing === 'create' && create !== undefined) {
    const absent = new Map<string, ReferenceKeys>();
    for (const [index, keys] of wanted.entries()) {
      const identity = identityOf(source, keys);
      if (resolved[index] === undefined && !absent.has(identity)) absent.set(identity, keys);
    }
    const made = await create(tx, [...absent.values()]);
    const ids = new Map([...absent.keys()].map((identity, index) => [identity, made[index]]));
    return wanted.map((keys, index) => resolved[index] ?? ids.get(identityOf(source, keys)));
  }
  if (missing === 'leave_empty') return resolved;
  return resolved.map((result, index) => result ?? notThere(source, wanted[index] ?? {}));
}

/** Each query would find nothing: the first key that is given says who is meant. */
function identityOf(source: ReferenceSource, keys: ReferenceKeys): string {
  const key = source.keys.find((name) => keys[name] !== undefined) ?? '';
  return `${key} ${source.fold(key, keys[key] ?? '')}`;
}

function lookUp(
  source: ReferenceSource,
  found: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
  { keys, fields }: Referring,
): string | undefined | Refusal {
  for (const key of source.keys) {
    const text = keys[key];
    const holders = text === undefined ? undefined : found.get(key)?.get(source.fold(key, text));
    if (holders === undefined || text === undefined) continue;
    const ids = holders.length > 1 ? (source.narrow?.(holders, fields) ?? holders) : holders;
    if (ids.length === 1) return ids[0];
    return { reason: `${ids.length} records have the ${key} "${text}"; refer to one by another key` };
  }
  return undefined;
}

function notThere(source: ReferenceSource, keys: ReferenceKeys): Refusal {
  const named = Object.entries(keys).map(([key, text]) => `${key} "${text}"`);
  return { reason: `no ${source.name} has the ${named.join(' or the ')}` };
}
