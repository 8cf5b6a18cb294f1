import { applyRecords } from './apply.ts';
import type { SyncParts } from './load.ts';
import { remoteFieldsOf } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import { removeDeleted } from './remove.ts';
import type { Cursor } from './state.ts';

/** Deletions of one transaction. */
const deletedAtATime = 200;
/** Records that are read again at a time. */
const readAtATime = 200;

/** What a pull came to. */
export interface Pulled {
  readonly cursor: Cursor;
  /** Whether the outside system has forgotten deletions, so that a new load is needed. */
  readonly needsLoad: boolean;
}

/**
 * Takes what changed and was deleted since the last pull. A change gets its stamp when it begins and is seen when it
 * ends, so that each pull begins `overlapMs` before the beginning of the last one: what was under way then is found,
 * and what is met again changes nothing. Each page and the place behind it are one transaction.
 */
export async function pullChanges(parts: SyncParts, plan: ObjectPlan, kept: Cursor): Promise<Pulled> {
  const deleted = await takeDeletions(parts, plan, kept);
  if (deleted === undefined) return { cursor: kept, needsLoad: true };
  const cursor = await takeChanges(parts, plan, deleted);
  await takeResolvable(parts, plan);
  return { cursor, needsLoad: false };
}

/** Undefined when the outside system no longer knows all of them. */
async function takeDeletions(parts: SyncParts, plan: ObjectPlan, from: Cursor): Promise<Cursor | undefined> {
  const { source, store, overlapMs, signal } = parts;
  const since = before(from.deletedSince, overlapMs);
  const { deletions, coveredUntil, incomplete } = await source.deletions(plan.object, since);
  if (incomplete) return undefined;
  const ids = [...new Set(deletions.map(({ id }) => id))];
  for (let start = 0; start < ids.length; start += deletedAtATime) {
    signal.throwIfAborted();
    const part = ids.slice(start, start + deletedAtATime);
    // Restored meanwhile, or told again by the overlap.
    const there = new Set((await source.read(plan.object, [], part)).map(({ id }) => id));
    await store.transaction(async (unit) =>
      removeDeleted(
        unit,
        plan,
        part.filter((id) => !there.has(id)),
      ),
    );
  }
  const next: Cursor = { ...from, deletedSince: later(from.deletedSince, coveredUntil) };
  await store.transaction(async (unit) => unit.saveCursor(plan.object, next));
  return next;
}

async function takeChanges(parts: SyncParts, plan: ObjectPlan, from: Cursor): Promise<Cursor> {
  const { source, store, overlapMs, signal } = parts;
  let cursor: Cursor =
    from.pull === null
      ? {
          ...from,
          pull: { startedAt: await source.now(), stamp: before(from.changedSince, overlapMs), id: null },
        }
      : from;
  for (;;) {
    signal.throwIfAborted();
    const { pull } = cursor;
    if (pull === null) return cursor;
    const place = { stamp: pull.stamp, id: pull.id ?? undefined };
    const page = await source.changes(plan.object, remoteFieldsOf(plan), place);
    const last = page.records.at(-1);
    const next: Cursor =
      page.done || last === undefined
        ? { ...cursor, pull: null, changedSince: pull.startedAt }
        : { ...cursor, pull: { ...pull, stamp: last.stamp, id: last.id } };
    await store.transaction(async (unit) => {
      await applyRecords(unit, plan, page.records);
      await unit.saveCursor(plan.object, next);
    });
    cursor = next;
  }
}

/** Reads records again that refer to one that has come since. */
export async function takeResolvable(parts: SyncParts, plan: ObjectPlan): Promise<void> {
  const taken = new Set<string>();
  for (;;) {
    const ids = await parts.store.transaction(async (unit) => unit.resolvable(plan.object, readAtATime));
    // One that is told again refers to a record that was deleted here meanwhile.
    if (ids.every((id) => taken.has(id))) return;
    for (const id of ids) taken.add(id);
    await takeAgain(parts, plan, ids);
  }
}

/**
 * Reads these records there and takes them as they are: for a retry of what was rejected, and after a decision about a
 * conflict. Those that are gone there go here.
 */
export async function takeAgain(parts: SyncParts, plan: ObjectPlan, ids: readonly string[]): Promise<void> {
  const { source, store, signal } = parts;
  for (let start = 0; start < ids.length; start += readAtATime) {
    signal.throwIfAborted();
    const part = ids.slice(start, start + readAtATime);
    const records = await source.read(plan.object, remoteFieldsOf(plan), part);
    const there = new Set(records.map(({ id }) => id));
    await store.transaction(async (unit) => {
      await applyRecords(unit, plan, records);
      await removeDeleted(
        unit,
        plan,
        part.filter((id) => !there.has(id)),
      );
    });
  }
}

function before(instant: string, milliseconds: number): string {
  return new Date(Date.parse(instant) - milliseconds).toISOString();
}

function later(a: string, b: string): string {
  return Date.parse(a) >= Date.parse(b) ? a : b;
}
