import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import type { FieldChange, SubjectType } from './schemas.ts';
import { deleteEntries, insertEntries } from './store.ts';
import type { NewEntry } from './store.ts';

/** A record as its history sees it. */
type Recorded = Readonly<Record<string, unknown>> & { readonly id: string };

/** How one kind of record tells others what happened to it. */
export interface Announcements<Kept> {
  readonly subjectType: SubjectType;
  created(tx: Transaction, record: Kept): void;
  updated(tx: Transaction, record: Kept, changed: string[]): void;
  deleted(tx: Transaction, record: Kept): void;
}

/** Fields that every change moves and that therefore say nothing. */
const bookkeeping = new Set(['updated_at', 'version']);

/** Writes event, audit entry and timeline entry of records that were just created. */
export async function recordCreations<Kept extends Recorded>(
  tx: Transaction,
  announce: Announcements<Kept>,
  records: readonly Kept[],
  actor: Actor,
): Promise<void> {
  for (const record of records) {
    announce.created(tx, record);
    tx.audit({ ...audited(announce, 'created', record), after: record });
  }
  const entries = records.map((record): NewEntry => ({ ...subjectOf(announce, record), kind: 'created' }));
  if (entries.length > 0) await insertEntries(tx, entries, actor);
}

/** Writes event, audit entry and timeline entry of records that were just changed. */
export async function recordUpdates<Kept extends Recorded>(
  tx: Transaction,
  announce: Announcements<Kept>,
  updates: readonly { readonly before: Kept; readonly after: Kept }[],
  actor: Actor,
): Promise<void> {
  const entries = updates.map(({ before, after }): NewEntry => {
    const changes = changesBetween(before, after);
    announce.updated(tx, after, Object.keys(changes));
    tx.audit({ ...audited(announce, 'updated', after), before, after });
    return { ...subjectOf(announce, after), kind: 'changed', changes };
  });
  if (entries.length > 0) await insertEntries(tx, entries, actor);
}

/** Writes event and audit entry of a record that was just deleted; its timeline goes with it. */
export async function recordDeletion<Kept extends Recorded>(
  tx: Transaction,
  announce: Announcements<Kept>,
  record: Kept,
): Promise<void> {
  announce.deleted(tx, record);
  tx.audit({ ...audited(announce, 'deleted', record), before: record });
  await deleteEntries(tx, record.id);
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

function subjectOf(announce: { readonly subjectType: SubjectType }, record: Recorded) {
  return { subject_type: announce.subjectType, subject_id: record.id };
}

function audited(announce: { readonly subjectType: SubjectType }, past: string, record: Recorded) {
  return {
    action: `${announce.subjectType}.${past}`,
    subjectType: announce.subjectType,
    subjectId: record.id,
  };
}
