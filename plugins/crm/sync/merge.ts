import type { FieldValue, FieldValues } from '../provider.ts';
import { isSame } from './values.ts';

/** What both sides were when they last agreed: `there` in our form, `here` as it was kept. */
export interface Agreed {
  readonly there: FieldValues;
  readonly here: FieldValues;
}

/** A field that changed on both sides, differently. */
export interface FieldConflict {
  readonly field: string;
  readonly local: FieldValue;
  readonly remote: FieldValue;
  readonly base: FieldValue;
}

/** What a comparison of three states comes to. */
export interface Merge {
  /** Values there that are to be written here. */
  readonly toLocal: FieldValues;
  /** Values here that changed since, to be written there. */
  readonly toRemote: FieldValues;
  readonly conflicts: readonly FieldConflict[];
  /** Values there that both sides now agree on once `toLocal` is written. */
  readonly settled: FieldValues;
}

/** Whether two values of a field are the same; an e-mail is in any case. */
export type SameValue = (field: string, a: FieldValue, b: FieldValue) => boolean;

/**
 * Merges field by field: what changed on one side only goes to the other, what changed on both alike is settled, and
 * what changed on both differently is a conflict that writes nothing. A side that never agreed counts as empty before.
 *
 * @param remote the fields that came from there, in our form; others are left alone
 */
export function mergeFields(
  agreed: Agreed,
  local: FieldValues,
  remote: FieldValues,
  same: SameValue = (_, a, b) => isSame(a, b),
): Merge {
  const toLocal: Record<string, FieldValue> = {};
  const toRemote: Record<string, FieldValue> = {};
  const settled: Record<string, FieldValue> = {};
  const conflicts: FieldConflict[] = [];
  for (const [field, theirs] of Object.entries(remote)) {
    const ours = local[field] ?? null;
    const base = agreed.there[field] ?? null;
    const changedHere = !same(field, ours, agreed.here[field] ?? base);
    const changedThere = !same(field, theirs, base);
    if (!changedHere && !changedThere) settled[field] = theirs;
    else if (same(field, ours, theirs)) settled[field] = theirs;
    else if (!changedHere) toLocal[field] = settled[field] = theirs;
    else if (changedThere) conflicts.push({ field, local: ours, remote: theirs, base });
    else toRemote[field] = ours;
  }
  return { toLocal, toRemote, conflicts, settled };
}
