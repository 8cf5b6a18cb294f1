import { AppError } from '@orchestrall/sdk';
import type { Fault, Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import type { JsonObject } from '../fields/merge-patch.ts';
import type { Checked } from '../fields/reader.ts';

/** What became of a row. */
export type RowOutcome =
  | { readonly outcome: 'created' | 'updated' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** How one kind of record is found by its key and written. */
export interface UpsertTarget<Kept, Fields> {
  /** The key a row carries, in the form in which two spellings are the same; undefined when it has none. */
  keyOfRow(given: JsonObject): string | undefined;
  keyOfRecord(record: Kept): string;
  /** Locks the records that have these keys. */
  lock(tx: Transaction, keys: readonly string[]): Promise<Kept[]>;
  fieldsOf(record: Kept): Fields;
  read(given: JsonObject): Checked<Fields>;
  create(tx: Transaction, given: readonly Fields[], by: Actor): Promise<(Kept | AppError)[]>;
  edit(
    tx: Transaction,
    edits: readonly { readonly before: Kept; readonly fields: Fields }[],
    by: Actor,
  ): Promise<(Kept | AppError)[]>;
}

/** Writes rows of one kind of record; gives what became of each, in their order. */
export type Upsert = (tx: Transaction, rows: readonly JsonObject[], by: Actor) => Promise<RowOutcome[]>;

interface Plan<Fields> {
  readonly row: JsonObject;
  readonly fields: Fields;
}

/**
 * Makes the upsert of one kind of record. Rows with one key follow each other: the later changes what the earlier
 * made. So they go in waves, in each of which a key occurs once.
 */
export function createUpsert<Kept, Fields extends object>(target: UpsertTarget<Kept, Fields>): Upsert {
  return async (tx, rows, by) => {
    const outcomes = new Map<JsonObject, RowOutcome>();
    for (const wave of wavesOf(target, rows, outcomes)) {
      const contested = await writeWave(target, tx, wave, by, outcomes);
      // Somebody else has made a record of that key meanwhile: now it is there to be changed.
      if (contested.size > 0) await writeWave(target, tx, contested, by, outcomes);
    }
    return rows.map((row) => outcomes.get(row) ?? failed('was not reached'));
  };
}

type Wave = Map<string, JsonObject>;

function wavesOf<Kept, Fields>(
  target: UpsertTarget<Kept, Fields>,
  rows: readonly JsonObject[],
  outcomes: Map<JsonObject, RowOutcome>,
): Wave[] {
  const waves: Wave[] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const key = target.keyOfRow(row);
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
async function writeWave<Kept, Fields extends object>(
  target: UpsertTarget<Kept, Fields>,
  tx: Transaction,
  wave: Wave,
  by: Actor,
  outcomes: Map<JsonObject, RowOutcome>,
): Promise<Wave> {
  const creations: (Plan<Fields> & { readonly key: string })[] = [];
  const edits: (Plan<Fields> & { readonly before: Kept })[] = [];
  const existing = Map.groupBy(await target.lock(tx, [...wave.keys()]), (record) =>
    target.keyOfRecord(record),
  );
  for (const [key, row] of wave) {
    const [before, ...others] = existing.get(key) ?? [];
    const { fields, faults } = target.read(
      before === undefined ? row : { ...target.fieldsOf(before), ...row },
    );
    if (others.length > 0)
      outcomes.set(row, failed(`${others.length + 1} records have this key; choose another`));
    else if (faults.length > 0) outcomes.set(row, failed(reasonOf(faults)));
    else if (before === undefined) creations.push({ key, row, fields });
    else edits.push({ row, before, fields });
  }

  const contested: Wave = new Map();
  const created = await target.create(
    tx,
    creations.map((plan) => plan.fields),
    by,
  );
  for (const [index, { key, row }] of creations.entries()) {
    const result = created[index];
    outcomes.set(row, result instanceof AppError ? refused(result) : { outcome: 'created' });
    if (result instanceof AppError && result.status === 409) contested.set(key, row);
  }
  const edited = await target.edit(tx, edits, by);
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
