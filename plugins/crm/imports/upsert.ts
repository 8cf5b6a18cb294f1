import { AppError } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Actor } from '../contract.ts';
import { fieldsOf } from '../records/kind.ts';
import type { CommonFields, Kept, RecordKey, RecordKind } from '../records/kind.ts';
import { lockWhere, withoutNul } from '../records/store.ts';
import { createRecords, editRecords } from '../records/write.ts';
import type { RowInput } from './read-row.ts';
import { reasonOf, refusalOf } from './reasons.ts';
import { resolveReferences } from './references.ts';
import type { MissingReferences, ReferenceSource } from './references.ts';

/** What became of a row. */
export type RowOutcome =
  | { readonly outcome: 'created' | 'updated' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** Writes rows of one kind of record; gives what became of each, in their order. */
export type Upsert = (tx: Transaction, rows: readonly RowInput[], by: Actor) => Promise<RowOutcome[]>;

/** How rows find their records. */
export interface UpsertOptions<Fields extends CommonFields> {
  readonly kind: RecordKind<Fields>;
  /** Name of the field that holds the key. */
  readonly field: string;
  /** By the fields of the kind that refer to something. */
  readonly references: ReadonlyMap<string, ReferenceSource>;
  readonly missingReferences: MissingReferences;
}

/** Rows by their folded key, each of which occurs once. */
type Wave = Map<string, RowInput>;

type Outcomes = Map<RowInput, RowOutcome>;

/** A row whose own fields are right. */
interface Prepared<Fields> {
  readonly key: string;
  readonly row: RowInput;
  readonly values: JsonObject;
  readonly before: Kept<Fields> | undefined;
  readonly fields: Fields;
}

/**
 * Makes the upsert of one kind of record by one of its keys; undefined when the kind has no such key. Rows with one
 * key follow each other: the later changes what the earlier made. So they go in waves.
 */
export function createUpsert<Fields extends CommonFields>({
  kind,
  field,
  references,
  missingReferences,
}: UpsertOptions<Fields>): Upsert | undefined {
  const key = kind.keys[field];
  if (key === undefined) return undefined;
  const refer = createReferring({ kind, references, missingReferences });
  return async (tx, rows, by) => {
    const outcomes: Outcomes = new Map();
    const write = async (wave: Wave): Promise<Wave> => {
      const prepared = await prepare(kind, key, tx, wave, outcomes);
      const referring = await refer(tx, prepared, by, outcomes);
      return writeRows(kind, tx, referring, by, outcomes);
    };
    for (const wave of wavesOf(rows, (row) => keyOf(row.given[field], key), outcomes)) {
      const contested = await write(wave);
      // Somebody else has made a record of that key meanwhile: now it is there to be changed.
      if (contested.size > 0) await write(contested);
    }
    return rows.map((row) => outcomes.get(row) ?? failed('was not reached'));
  };
}

/** The folded key of a row; undefined when its cell is empty. */
export function keyOf(cell: unknown, key: Pick<RecordKey<never>, 'fold'>): string | undefined {
  // NUL is refused only when the row is read.
  return typeof cell === 'string' ? withoutNul(key.fold(cell)) : undefined;
}

function wavesOf(
  rows: readonly RowInput[],
  keyOfRow: (row: RowInput) => string | undefined,
  outcomes: Outcomes,
): Wave[] {
  const waves: Wave[] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const key = keyOfRow(row);
    if (key === undefined) {
      outcomes.set(row, failed('the cell of the key column is empty'));
      continue;
    }
    const number = seen.get(key) ?? 0;
    seen.set(key, number + 1);
    const wave = waves[number] ?? new Map<string, RowInput>();
    waves[number] = wave;
    wave.set(key, row);
  }
  return waves;
}

/** Locks the records of a wave and reads its rows over them. */
async function prepare<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  key: RecordKey<Fields>,
  tx: Transaction,
  wave: Wave,
  outcomes: Outcomes,
): Promise<Prepared<Fields>[]> {
  const found = await lockWhere(kind, tx, sql`${sql.ref(key.column)} = any(${[...wave.keys()]}::text[])`);
  const existing = Map.groupBy(found, (record) => key.fold(key.of(record) ?? ''));
  const prepared: Prepared<Fields>[] = [];
  for (const [text, row] of wave) {
    const [before, ...others] = existing.get(text) ?? [];
    const values = before === undefined ? row.given : { ...fieldsOf(kind, before), ...row.given };
    const { fields, faults } = kind.read(values);
    if (others.length > 0)
      outcomes.set(row, failed(`${others.length + 1} records have this key; choose another`));
    else if (faults.length > 0) outcomes.set(row, failed(reasonOf(faults)));
    else prepared.push({ key: text, row, values, before, fields });
  }
  return prepared;
}

/** Makes what gives rows the ids of the records they name by keys; an id that stands in the row itself comes first. */
function createReferring<Fields extends CommonFields>({
  kind,
  references,
  missingReferences,
}: Omit<UpsertOptions<Fields>, 'field'>) {
  return async (
    tx: Transaction,
    prepared: readonly Prepared<Fields>[],
    by: Actor,
    outcomes: Outcomes,
  ): Promise<readonly Prepared<Fields>[]> => {
    let rows = prepared;
    for (const [field, source] of references) {
      const referring = rows.filter(
        ({ row }) => row.references[field] !== undefined && row.given[field] === undefined,
      );
      if (referring.length === 0) continue;
      const wanted = referring.map(({ row }) => row.references[field] ?? {});
      const resolved = await resolveReferences(source, tx, wanted, missingReferences, by);
      const results = new Map(referring.map((one, index) => [one, resolved[index]]));
      rows = rows.flatMap((one) => {
        const result = results.get(one);
        if (result === undefined) return [one];
        if (typeof result === 'string') return reread(kind, one, { [field]: result }, outcomes);
        outcomes.set(one.row, failed(`${field} ${result.reason}`));
        return [];
      });
    }
    return rows;
  };
}

function reread<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  one: Prepared<Fields>,
  more: JsonObject,
  outcomes: Outcomes,
): Prepared<Fields>[] {
  const values = { ...one.values, ...more };
  const { fields, faults } = kind.read(values);
  if (faults.length === 0) return [{ ...one, values, fields }];
  outcomes.set(one.row, failed(reasonOf(faults)));
  return [];
}

/** Writes rows; gives those whose key somebody else took meanwhile. */
async function writeRows<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  rows: readonly Prepared<Fields>[],
  by: Actor,
  outcomes: Outcomes,
): Promise<Wave> {
  const creations = rows.filter(({ before }) => before === undefined);
  const edits = rows.flatMap(({ before, ...rest }) => (before === undefined ? [] : [{ ...rest, before }]));
  const contested: Wave = new Map();
  const given = creations.map(({ fields }) => fields);
  const created = await createRecords(kind, tx, given, by);
  for (const [index, { key, row }] of creations.entries()) {
    const result = created[index];
    outcomes.set(row, result instanceof AppError ? failed(refusalOf(result)) : { outcome: 'created' });
    if (result instanceof AppError && result.status === 409) contested.set(key, row);
  }
  const edited = await editRecords(kind, tx, edits, by);
  for (const [index, { row }] of edits.entries()) {
    const result = edited[index];
    outcomes.set(row, result instanceof AppError ? failed(refusalOf(result)) : { outcome: 'updated' });
  }
  return contested;
}

function failed(reason: string): RowOutcome {
  return { outcome: 'failed', reason };
}
