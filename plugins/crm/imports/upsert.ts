import { AppError } from '@orchestrall/sdk';
import type { Caller, Transaction } from '@orchestrall/sdk';
import type { Checked, JsonObject } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { View } from '../records/access.ts';
import { fieldsOf } from '../records/kind.ts';
import type { CommonFields, Kept, RecordKey, RecordKind } from '../records/kind.ts';
import { lockWhere, withoutNul } from '../records/store.ts';
import { refuseUnseenReferences, withoutUnseen } from '../records/unseen.ts';
import { createRecords, editRecords } from '../records/write.ts';
import { readNew } from './read-new.ts';
import type { RowInput } from './read-row.ts';
import { reasonOf, refusalOf } from './reasons.ts';
import { referencesOf, resolveReferences } from './references.ts';
import type { MissingReferences, ReferenceSource } from './references.ts';
import type { KindScope } from './scope.ts';

/** What became of a row. */
export type RowOutcome =
  | { readonly outcome: 'created' | 'updated' }
  | { readonly outcome: 'failed'; readonly reason: string };

/** Writes rows of one kind of record; gives what became of each, in their order. */
export type Upsert = (tx: Transaction, rows: readonly RowInput[]) => Promise<RowOutcome[]>;

/** How rows find their records. */
export interface UpsertOptions {
  readonly scope: KindScope;
  /** Name of the field that holds the key; empty for kinds that have none. */
  readonly field: string;
  readonly missingReferences: MissingReferences;
}

/** Rows by their folded key, each of which occurs once. */
type Wave = Map<string, RowInput>;

type Outcomes = Map<RowInput, RowOutcome>;

/** A row whose own fields are right. */
interface Prepared {
  readonly key: string;
  readonly row: RowInput;
  readonly before: Kept<CommonFields> | undefined;
  readonly fields: CommonFields;
}

/**
 * Makes the upsert of one kind of record by one of its keys; undefined when the kind has no such key. Rows with one
 * key follow each other: the later changes what the earlier made. So they go in waves. Without a key, which is for
 * kinds that have none, each row makes a record.
 */
export function createUpsert({ scope, field, missingReferences }: UpsertOptions): Upsert | undefined {
  const key = scope.kind.keys[field];
  if (key === undefined && field !== '') return undefined;
  const references = referencesOf(scope);
  return async (tx, rows) => {
    const outcomes: Outcomes = new Map();
    const write = async (wave: Wave): Promise<Wave> => {
      let prepared = await prepare(scope, key, tx, wave, outcomes);
      for (const [name, source] of references)
        prepared = await refer(scope, { name, source, missingReferences }, tx, prepared, outcomes);
      return writeRows(scope, tx, await withoutUnseenReferences(scope, tx, prepared, outcomes), outcomes);
    };
    for (const wave of key === undefined
      ? [new Map(rows.map((row, index) => [String(index), row]))]
      : wavesOf(rows, (row) => keyOf(row.given[field], key), outcomes)) {
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

/** Locks the records of a wave that the caller sees, and reads its rows over them. */
async function prepare(
  { kind, view, by }: KindScope,
  key: RecordKey<CommonFields> | undefined,
  tx: Transaction,
  wave: Wave,
  outcomes: Outcomes,
): Promise<readonly Prepared[]> {
  const existing =
    key === undefined ? new Map<string, Kept<CommonFields>[]>() : await lockKeys(kind, key, view, tx, wave);
  const prepared: Prepared[] = [];
  for (const [text, row] of wave) {
    const [before, ...others] = existing.get(text) ?? [];
    const { fields, faults } = readOver(kind, before, row.given, by);
    if (others.length > 0)
      outcomes.set(row, failed(`${others.length + 1} records have this key; choose another`));
    else if (faults.length > 0) outcomes.set(row, failed(reasonOf(faults)));
    else prepared.push({ key: text, row, before, fields });
  }
  return prepared;
}

async function lockKeys(
  kind: RecordKind,
  key: RecordKey<CommonFields>,
  { condition }: View,
  tx: Transaction,
  wave: Wave,
): Promise<Map<string, Kept<CommonFields>[]>> {
  const visible = condition === undefined ? sql`` : sql`and ${condition}`;
  const having = sql`${sql.ref(key.column)} = any(${[...wave.keys()]}::text[]) ${visible}`;
  return Map.groupBy(await lockWhere(kind, tx, having), (record) => key.fold(key.of(record) ?? ''));
}

function readOver(
  kind: RecordKind,
  before: Kept<CommonFields> | undefined,
  given: JsonObject,
  by: Caller,
): Checked<CommonFields> {
  return before === undefined ? readNew(kind, given, by) : kind.read({ ...fieldsOf(kind, before), ...given });
}

interface Referring {
  readonly name: string;
  readonly source: ReferenceSource;
  readonly missingReferences: MissingReferences;
}

/** Gives rows the ids of the records they name by keys in one field; an id that stands in the row itself comes first. */
async function refer(
  { kind }: KindScope,
  { name, source, missingReferences }: Referring,
  tx: Transaction,
  prepared: readonly Prepared[],
  outcomes: Outcomes,
): Promise<readonly Prepared[]> {
  const referring = prepared.filter(
    ({ row }) => row.references[name] !== undefined && row.given[name] === undefined,
  );
  if (referring.length === 0) return prepared;
  const wanted = referring.map(({ row, fields }) => ({ keys: row.references[name] ?? {}, fields }));
  const resolved = await resolveReferences(source, tx, wanted, missingReferences);
  const results = new Map(referring.map((one, index) => [one, resolved[index]]));
  return prepared.flatMap((one) => {
    const result = results.get(one);
    if (result === undefined) return [one];
    if (typeof result !== 'string') {
      outcomes.set(one.row, failed(`${name} ${result.reason}`));
      return [];
    }
    const { fields, faults } = kind.read({
      ...fieldsOf(kind, one.fields),
      ...valueOf(kind, one, name, result),
    });
    if (faults.length === 0) return [{ ...one, fields }];
    outcomes.set(one.row, failed(reasonOf(faults)));
    return [];
  });
}

/** What a reference gives its record: the id in its field, or one more in the list that holds such records. */
function valueOf({ linked }: RecordKind, { fields }: Prepared, name: string, id: string): JsonObject {
  const kind = linked?.kinds.find((one) => one === name);
  if (linked === undefined || kind === undefined) return { [name]: id };
  return { [linked.field]: linked.withRecord(fields, kind, id) };
}

/** The rows that refer to nothing their caller does not see. */
async function withoutUnseenReferences(
  { kind, by, access, tables }: KindScope,
  tx: Transaction,
  prepared: readonly Prepared[],
  outcomes: Outcomes,
): Promise<readonly Prepared[]> {
  const seen: Prepared[] = [];
  for (const one of prepared) {
    const { before, fields } = one;
    try {
      await refuseUnseenReferences(
        kind,
        tx,
        before === undefined ? { fields } : { fields, before },
        by,
        access,
        tables,
      );
      seen.push(one);
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 400) throw error;
      outcomes.set(one.row, failed(refusalOf(error)));
    }
  }
  return seen;
}

/** Writes rows; gives those whose key somebody else took meanwhile. */
async function writeRows(
  { kind, view, by }: KindScope,
  tx: Transaction,
  rows: readonly Prepared[],
  outcomes: Outcomes,
): Promise<Wave> {
  const creations = rows.filter(({ before }) => before === undefined);
  const edits = rows.flatMap(({ before, ...rest }) => (before === undefined ? [] : [{ ...rest, before }]));
  const contested: Wave = new Map();
  const given = creations.map(({ fields }) => ({ fields }));
  const created = await createRecords(kind, tx, given, by);
  for (const [index, { key, row, fields }] of creations.entries()) {
    const result = await withoutUnseen(kind, tx, fields, view, created[index]);
    outcomes.set(row, result instanceof AppError ? failed(refusalOf(result)) : { outcome: 'created' });
    if (result instanceof AppError && result.status === 409) contested.set(key, row);
  }
  const edited = await editRecords(kind, tx, edits, by);
  for (const [index, { row, fields }] of edits.entries()) {
    const result = await withoutUnseen(kind, tx, fields, view, edited[index]);
    outcomes.set(row, result instanceof AppError ? failed(refusalOf(result)) : { outcome: 'updated' });
  }
  return contested;
}

function failed(reason: string): RowOutcome {
  return { outcome: 'failed', reason };
}
