import { createId } from '@orchestrall/sdk';
import { sql } from 'kysely';
import type { AppError, Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import { changesBetween, recordCreations, recordDeletions, recordUpdates } from './history.ts';
import { uniqueKeysOf } from './kind.ts';
import type {
  CommonFields,
  HeldReferences,
  Kept,
  NotedChange,
  RecordKind,
  UniqueKey,
  Written,
} from './kind.ts';
import { withWinners } from './refused-references.ts';
import { insertRecords, updateRecords } from './store-writes.ts';
import { deleteRecords, findByKey, lockWhere } from './store.ts';

/** A locked record and what its fields shall be. */
export interface RecordEdit<Fields> {
  readonly before: Kept<Fields>;
  readonly fields: Fields;
}

/** A record to be created. */
export interface NewRecord<Fields> {
  readonly fields: Fields;
  /** Of a record that is put back; default a new one. */
  readonly id?: string;
  /** Of a record that is put back; default 1. */
  readonly version?: number;
}

/**
 * Creates records with their events, audit entries and timelines. In place of a record that cannot be created
 * stands the reason: its unique key is taken, or it refers to a record that does not exist.
 */
export async function createRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  given: readonly NewRecord<Fields>[],
  actor: Actor,
): Promise<(Kept<Fields> | AppError)[]> {
  const written = given.map((record) => ({ ...record, id: record.id ?? createId() }));
  const references = await holdReferences(kind, tx, written, actor);
  const settled = written.map((record) => settle(references, record));
  const planned = await withWinners(kind, tx, settled);
  const insertable = planned.filter(({ refusal }) => refusal === undefined);
  const inserted = await insertRecords(kind, tx, insertable);
  await recordCreations(tx, kind, inserted, actor);
  await note(kind, tx, inserted);
  const byId = new Map(inserted.map((record) => [record.id, record]));
  const results: (Kept<Fields> | AppError)[] = [];
  for (const { id, fields, refusal } of planned) {
    results.push(refusal ?? byId.get(id) ?? (await keyTaken(kind, tx, fields)));
  }
  return results;
}

/**
 * Gives locked records new fields, with events, audit entries and timelines. One that would not change stays as it
 * is and is told to nobody. In place of one that cannot be changed stands the reason, as in `createRecords`.
 */
export async function editRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  edits: readonly RecordEdit<Fields>[],
  actor: Actor,
): Promise<(Kept<Fields> | AppError)[]> {
  const given = edits.map(({ before, fields }) => ({ id: before.id, fields, before }));
  const references = await holdReferences(kind, tx, given, actor);
  const taken = await claimKeys(kind, tx, edits);
  const settled = edits.map((edit) => {
    const refusal = taken.get(edit);
    return refusal === undefined ? settle(references, edit) : { ...edit, refusal };
  });
  const planned = await withWinners(kind, tx, settled);
  const changing = planned.filter(
    ({ before, fields, refusal }) =>
      refusal === undefined && Object.keys(changesBetween(before, fields)).length > 0,
  );
  const written = changing.map(({ before, fields }) => ({ id: before.id, fields }));
  const updated = await updateRecords(kind, tx, written);
  const after = new Map(updated.map((record) => [record.id, record]));
  const updates = changing.flatMap(({ before }) => {
    const record = after.get(before.id);
    return record === undefined ? [] : [{ before, after: record }];
  });
  await recordUpdates(tx, kind, updates, actor);
  await note(kind, tx, updated);
  return planned.map(({ before, refusal }) => refusal ?? after.get(before.id) ?? before);
}

/** Deletes a locked record for good, with its timeline; its event and audit entry keep what it was. */
export async function removeRecord<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  record: Kept<Fields>,
  actor: Actor,
): Promise<void> {
  await removeRecords(kind, tx, [record], actor);
}

/** Deletes locked records likewise. */
export async function removeRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  records: readonly Kept<Fields>[],
  actor: Actor,
): Promise<void> {
  if (records.length === 0) return;
  for (const record of records) await kind.released?.(tx, record, actor);
  await deleteRecords(
    kind,
    tx,
    records.map(({ id }) => id),
  );
  await recordDeletions(tx, kind, records);
  await note(
    kind,
    tx,
    records.map(({ id, version }) => ({ id, version: version + 1 })),
  );
}

/** Every write and every deletion comes by here. */
async function note<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  changes: readonly NotedChange[],
): Promise<void> {
  if (changes.length > 0) await kind.noted?.(tx, changes);
}

/** Fields as they are kept, or the refusal of them. */
function settle<Fields extends CommonFields, Given extends { readonly fields: Fields }>(
  references: HeldReferences<Fields>,
  given: Given,
): Given & { readonly refusal: AppError | undefined } {
  const refusal = references.faultOf(given.fields);
  if (refusal !== undefined || references.settled === undefined) return { ...given, refusal };
  return { ...given, fields: references.settled(given.fields), refusal };
}

async function holdReferences<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  given: readonly Written<Fields>[],
  actor: Actor,
): Promise<HeldReferences<Fields>> {
  return (await kind.holdReferences?.(tx, given, actor)) ?? { faultOf: () => undefined };
}

/**
 * The edits that take a unique key of another record, each with its refusal. A free key belongs to the first edit of
 * the batch that takes it.
 */
async function claimKeys<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  edits: readonly RecordEdit<Fields>[],
): Promise<ReadonlyMap<RecordEdit<Fields>, AppError>> {
  const refusals = new Map<RecordEdit<Fields>, AppError>();
  for (const key of uniqueKeysOf(kind)) await claimKey(kind, key, tx, edits, refusals);
  return refusals;
}

async function claimKey<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  key: UniqueKey<Fields>,
  tx: Transaction,
  edits: readonly RecordEdit<Fields>[],
  refusals: Map<RecordEdit<Fields>, AppError>,
): Promise<void> {
  const folded = (fields: Fields): string | undefined => {
    const text = key.of(fields);
    return text === null ? undefined : key.fold(text);
  };
  const wanted = edits.flatMap(({ before, fields }) => {
    const text = folded(fields);
    return text === undefined || text === folded(before) ? [] : [text];
  });
  if (wanted.length === 0) return;
  const found = await lockWhere(kind, tx, sql`${sql.ref(key.column)} = any(${wanted}::text[])`);
  const holders = new Map(found.map((record) => [folded(record), record.id]));
  for (const edit of edits) {
    const { before, fields } = edit;
    const text = folded(fields);
    if (text === undefined || refusals.has(edit)) continue;
    const holder = holders.get(text) ?? before.id;
    holders.set(text, holder);
    if (holder !== before.id) refusals.set(edit, key.taken(key.of(fields) ?? text, holder));
  }
}

/** Why a record was not inserted: one of its unique keys is that of another one. */
async function keyTaken<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  fields: Fields,
): Promise<AppError> {
  let gone: AppError | undefined;
  for (const key of uniqueKeysOf(kind)) {
    const text = key.of(fields);
    if (text === null) continue;
    const holder = await findByKey(kind, key, tx, text);
    if (holder !== undefined) return key.taken(text, holder.id);
    // Deleted or changed since then.
    gone ??= key.taken(text, undefined);
  }
  if (gone === undefined) throw new TypeError(`a ${kind.name} was not inserted`);
  return gone;
}
