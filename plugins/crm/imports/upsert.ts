import { AppError } from '@orchestrall/sdk';
import type { Fault, Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import { fieldsOf } from '../records/kind.ts';
import type { RecordKey, RecordKind } from '../records/kind.ts';
import { withoutNul } from '../records/sql.ts';
import { lockByKey } from '../records/store.ts';
import { createRecords, editRecords } from '../records/write.ts';
import type { RecordEdit } from '../records/write.ts';

/** What became of a row. */
export type RowOutcome =
  | { readonly outcome: 'created' | 'updated' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** Writes rows of one kind of record; gives what became of each, in their order. */
export type Upsert = (tx: Transaction, rows: readonly JsonObject[], by: Actor) => Promise<RowOutcome[]>;

/** Rows by their folded key, each of which occurs once. */
type Wave = Map<string, JsonObject>;

type Outcomes = Map<JsonObject, RowOutcome>;

/**
 * Makes the upsert of one kind of record by one of its keys; undefined when the kind has no such key. Rows with one
 * key follow each other: the later changes what the earlier made. So they go in waves.
 */
export function createUpsert<Fields extends object>(
  kind: RecordKind<Fields>,
  field: string,
): Upsert | undefined {
  const key = kind.keys[field];
  if (key === undefined) return undefined;
  return async (tx, rows, by) => {
    const outcomes: Outcomes = new Map();
    for (const wave of wavesOf(rows, (row) => keyOf(row[field], key), outcomes)) {
      const contested = await writeWave(kind, key, tx, wave, by, outcomes);
      // Somebody else has made a record of that key meanwhile: now it is there to be changed.
      if (contested.size > 0) await writeWave(kind, key, tx, contested, by, outcomes);
    }
    return rows.map((row) => outcomes.get(row) ?? failed('was not reached'));
  };
}

function keyOf(cell: unknown, key: Pick<RecordKey<object>, 'fold'>): string | undefined {
  // NUL is refused only when the row is read.
  return typeof cell === 'string' ? withoutNul(key.fold(cell)) : undefined;
}

function wavesOf(
  rows: readonly JsonObject[],
  keyOfRow: (row: JsonObject) => string | undefined,
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
    const wave = waves[number] ?? new Map<string, JsonObject>();
    waves[number] = wave;
    wave.set(key, row);
  }
  return waves;
}

/** Writes one wave; gives the rows whose key somebody else took meanwhile. */
async function writeWave<Fields extends object>(
  kind: RecordKind<Fields>,
  key: RecordKey<Fields>,
  tx: Transaction,
  wave: Wave,
  by: Actor,
  outcomes: Outcomes,
): Promise<Wave> {
  const creations: { readonly key: string; readonly row: JsonObject; readonly fields: Fields }[] = [];
  const edits: (RecordEdit<Fields> & { readonly row: JsonObject })[] = [];
  const found = await lockByKey(kind, key, tx, [...wave.keys()]);
  const existing = Map.groupBy(found, (record) => key.fold(key.of(record) ?? ''));
  for (const [text, row] of wave) {
    const [before, ...others] = existing.get(text) ?? [];
    const { fields, faults } = kind.read(before === undefined ? row : { ...fieldsOf(kind, before), ...row });
    if (others.length > 0)
      outcomes.set(row, failed(`${others.length + 1} records have this key; choose another`));
    else if (faults.length > 0) outcomes.set(row, failed(reasonOf(faults)));
    else if (before === undefined) creations.push({ key: text, row, fields });
    else edits.push({ row, before, fields });
  }

  const contested: Wave = new Map();
  const given = creations.map(({ fields }) => fields);
  const created = await createRecords(kind, tx, given, by);
  for (const [index, { key: text, row }] of creations.entries()) {
    const result = created[index];
    outcomes.set(row, result instanceof AppError ? refused(result) : { outcome: 'created' });
    if (result instanceof AppError && result.status === 409) contested.set(text, row);
  }
  const edited = await editRecords(kind, tx, edits, by);
  for (const [index, { row }] of edits.entries()) {
    const result = edited[index];
    outcomes.set(row, result instanceof AppError ? refused(result) : { outcome: 'updated' });
  }
  return contested;
}

function refused(error: AppError): RowOutcome {
  const { faults } = error.details;
  return failed(faults === undefined || faults.length === 0 ? error.message : reasonOf(faults));
}

function reasonOf(faults: readonly Fault[]): string {
  return faults.map(({ path, message }) => `${path.slice(1)} ${message}`.trim()).join('; ');
}

function failed(reason: string): RowOutcome {
  return { outcome: 'failed', reason };
}
