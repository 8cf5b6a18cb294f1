import { isDeepStrictEqual } from 'node:util';
import type { EmitOptions, Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import { subjectTypes } from './kind.ts';
import type { CommonFields, Kept, KindName, RecordKind, SubjectType } from './kind.ts';
import type { FieldChange } from './field-change.ts';
import { deleteEntries, insertEntries } from './timeline-store.ts';
import type { NewEntry } from './timeline-store.ts';

/** Fields that every change moves and that therefore say nothing. */
const bookkeeping = new Set(['updated_at', 'version']);

/** Writes event, audit entry and timeline entry of records that were just created. */
export async function recordCreations<Fields extends CommonFields>(
  tx: Transaction,
  kind: RecordKind<Fields>,
  records: readonly Kept<Fields>[],
  actor: Actor,
): Promise<void> {
  for (const record of records) {
    tx.emit(kind.events.created, { [kind.name]: record }, toldOf(kind, record));
    tx.audit({ ...audited(kind, 'created', record), after: record });
  }
  if (records.length === 0) return;
  const { name: subject_type } = kind;
  if (hasTimeline(subject_type)) {
    const entries = records.map(({ id }): NewEntry => ({ subject_type, subject_id: id, kind: 'created' }));
    await insertEntries(tx, entries, actor);
  }
  const written = records.map((after) => ({ after }));
  await kind.recorded?.(tx, written, actor);
}

/** Writes event, audit entry and timeline entry of records that were just changed. */
export async function recordUpdates<Fields extends CommonFields>(
  tx: Transaction,
  kind: RecordKind<Fields>,
  updates: readonly { readonly before: Kept<Fields>; readonly after: Kept<Fields> }[],
  actor: Actor,
): Promise<void> {
  if (updates.length === 0) return;
  const told = updates.map(({ before, after }) => {
    const changes = changesBetween(before, after);
    tx.emit(kind.events.updated, { [kind.name]: after, changed: Object.keys(changes) }, toldOf(kind, after));
    tx.audit({ ...audited(kind, 'updated', after), before, after });
    return { subject_id: after.id, changes };
  });
  const { name: subject_type } = kind;
  if (hasTimeline(subject_type)) {
    const entries = told.map((change): NewEntry => ({ ...change, subject_type, kind: 'changed' }));
    await insertEntries(tx, entries, actor);
  }
  await kind.recorded?.(tx, updates, actor);
}

/** Writes events and audit entries of records that were just deleted; their timelines go with them. */
export async function recordDeletions<Fields extends CommonFields>(
  tx: Transaction,
  kind: RecordKind<Fields>,
  records: readonly Kept<Fields>[],
): Promise<void> {
  for (const record of records) {
    tx.emit(kind.events.deleted, { [kind.name]: record }, toldOf(kind, record));
    tx.audit({ ...audited(kind, 'deleted', record), before: record });
  }
  if (!hasTimeline(kind.name)) return;
  await deleteEntries(
    tx,
    records.map(({ id }) => id),
  );
}

/** What differs between two states of a record, by field. */
export function changesBetween(before: object, after: object): Record<string, FieldChange> {
  const earlier = new Map<string, unknown>(Object.entries(before));
  const changes = Object.entries(after).flatMap(([field, to]): [string, FieldChange][] => {
    const from = earlier.get(field);
    return bookkeeping.has(field) || isDeepStrictEqual(from, to) ? [] : [[field, { from, to }]];
  });
  return Object.fromEntries(changes);
}

/** What an event about a record is about, and who may see it. */
export function toldOf<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  record: Kept<Fields>,
): EmitOptions {
  const visibleTo = kind.audienceOf?.(record);
  return visibleTo === undefined ? { subject: record.id } : { subject: record.id, visibleTo };
}

type Noun = Pick<RecordKind, 'name'>;

function hasTimeline(name: KindName): name is SubjectType {
  return subjectTypes.some((subject) => subject === name);
}

function audited(kind: Noun, past: string, record: { readonly id: string }) {
  return { action: `${kind.name}.${past}`, subjectType: kind.name, subjectId: record.id };
}
