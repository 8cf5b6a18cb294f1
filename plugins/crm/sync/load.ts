import { LoadLost } from '../provider.ts';
import type { RecordSource } from '../provider.ts';
import { applyRecords } from './apply.ts';
import { mappingOf, remoteFieldsOf } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import { removeDeleted } from './remove.ts';
import type { Cursor, SyncStore } from './state.ts';

/** What every step of a sync works with. */
export interface SyncParts {
  readonly source: RecordSource;
  readonly store: SyncStore;
  /** Makes a new id. */
  readonly createId: () => string;
  /** How long a change may be under way outside before it can be seen, milliseconds; see `pullChanges`. */
  readonly overlapMs: number;
  readonly signal: AbortSignal;
}

/** Records of a sweep at a time. */
const sweptAtATime = 200;

/**
 * Loads all records of an object, or goes on with a load that was cut off: each page and the place behind it are one
 * transaction. When the load is through, links that it has not met are looked up there one last time, and what is
 * gone there goes here.
 */
export async function loadAll(parts: SyncParts, plan: ObjectPlan, kept: Cursor | undefined): Promise<Cursor> {
  let cursor = kept ?? (await begin(parts, plan));
  if (cursor.load.phase === 'reading') cursor = await readAnew(parts, plan, cursor);
  if (cursor.load.phase === 'sweeping') await sweep(parts, plan, cursor.load.id);
  const done: Cursor = { ...cursor, load: { ...cursor.load, place: null, phase: 'done' } };
  await parts.store.transaction(async (unit) => unit.saveCursor(plan.object, done));
  return done;
}

/** A load that begins now. Changes and deletions are asked for from its beginning on. */
async function begin({ source, store, createId }: SyncParts, plan: ObjectPlan): Promise<Cursor> {
  const startedAt = await source.now();
  const mapping = mappingOf(plan);
  const load = { id: createId(), startedAt, place: null, phase: 'reading', mapping } as const;
  const cursor: Cursor = { load, changedSince: startedAt, deletedSince: startedAt, pull: null };
  await store.transaction(async (unit) => unit.saveCursor(plan.object, cursor));
  return cursor;
}

/** A place that is no more is forgotten, so that the next run begins the load anew. */
async function readAnew(parts: SyncParts, plan: ObjectPlan, from: Cursor): Promise<Cursor> {
  try {
    return await readAll(parts, plan, from);
  } catch (error) {
    if (!(error instanceof LoadLost)) throw error;
    const anew: Cursor = { ...from, load: { ...from.load, place: null } };
    await parts.store.transaction(async (unit) => unit.saveCursor(plan.object, anew));
    throw error.cause;
  }
}

async function readAll(parts: SyncParts, plan: ObjectPlan, from: Cursor): Promise<Cursor> {
  const { source, store, signal } = parts;
  const { place } = from.load;
  const at = place === null ? undefined : { state: place, done: false };
  let cursor = from;
  for await (const page of source.load(plan.object, remoteFieldsOf(plan), at)) {
    signal.throwIfAborted();
    const phase = page.next.done ? 'sweeping' : 'reading';
    const next: Cursor = { ...cursor, load: { ...cursor.load, place: page.next.state, phase } };
    await store.transaction(async (unit) => {
      await applyRecords(unit, plan, page.records, cursor.load.id);
      await unit.saveCursor(plan.object, next);
    });
    cursor = next;
  }
  return cursor;
}

async function sweep({ source, store, signal }: SyncParts, plan: ObjectPlan, loadId: string): Promise<void> {
  for (let after = ''; ;) {
    signal.throwIfAborted();
    const unseen = await store.transaction(async (unit) =>
      unit.linksUnseen(plan.object, loadId, after, sweptAtATime),
    );
    const ids = unseen.map((link) => link.externalId);
    if (ids.length === 0) return;
    const there = new Set((await source.read(plan.object, [], ids)).map(({ id }) => id));
    await store.transaction(async (unit) =>
      removeDeleted(
        unit,
        plan,
        ids.filter((id) => !there.has(id)),
      ),
    );
    after = ids.at(-1) ?? after;
  }
}
