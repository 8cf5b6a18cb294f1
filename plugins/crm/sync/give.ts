import type { FieldValue, FieldValues, LocalChange, LocalRecord } from '../provider.ts';
import type { FieldPlan, ObjectPlan } from './plan.ts';
import type { Conflict, Link, Rejection, SyncUnit } from './state.ts';
import { isEmptySet } from './values.ts';

/** What became of the records of one round. */
export interface PushRound {
  readonly links: Link[];
  readonly conflicts: Conflict[];
  /** Records there whose conflicts are replaced by those above. */
  readonly compared: string[];
  readonly rejections: Rejection[];
  /** What is done with; the rest stays listed. */
  readonly settled: LocalChange[];
}

/** A record of ours to be written there. */
export interface Giving {
  readonly change: LocalChange;
  readonly local: LocalRecord;
  /** Values of ours by the names of our fields. */
  readonly values: FieldValues;
}

/** Lists why a record is not there; it is tried again when it changes, or when somebody asks for it. */
export function refuse(plan: ObjectPlan, { change, local }: Giving, reason: string, round: PushRound): void {
  round.rejections.push({ direction: 'push', object: plan.object, id: local.id, field: '', reason });
  round.settled.push(change);
}

/** A record with its values in their form, and those of ours that this is. */
export interface Given<Each extends Giving> {
  readonly giving: Each;
  readonly fields: FieldValues;
  readonly values: FieldValues;
}

/** Brings values into their form; a reference to a record that is not there is left out and told. */
export async function giveAll<Each extends Giving>(
  unit: SyncUnit,
  plan: ObjectPlan,
  givings: readonly Each[],
  round: PushRound,
): Promise<readonly Given<Each>[]> {
  const externalIdOf = await lookUp(unit, plan.fields, givings);
  const all = givings.map((giving) => {
    const fields: Record<string, FieldValue> = {};
    const values: Record<string, FieldValue> = {};
    for (const field of plan.fields) {
      const ours = giving.values[field.local];
      if (ours === undefined || field.give === undefined) continue;
      const isReference = field.references !== undefined;
      const theirs = isReference ? externalIdOf(field.references, ours) : field.give(ours);
      if (theirs === undefined && !isReference) continue;
      if (theirs === undefined) {
        const reason = 'it refers to a record that is not in the outside system';
        const { id } = giving.local;
        round.rejections.push({ direction: 'push', object: plan.object, id, field: field.local, reason });
      } else {
        fields[field.remote] = theirs;
        values[field.local] = ours;
      }
    }
    return { giving, fields, values };
  });
  const empty = all.filter(({ fields }) => isEmptySet(fields));
  round.settled.push(...empty.map(({ giving }) => giving.change));
  return all.filter(({ fields }) => !isEmptySet(fields));
}

async function lookUp(
  unit: SyncUnit,
  fields: readonly FieldPlan[],
  givings: readonly Giving[],
): Promise<(kind: string, localId: FieldValue) => FieldValue | undefined> {
  const found = new Map<string, string>();
  for (const { references, local } of fields) {
    if (references === undefined) continue;
    const ids = givings.flatMap(({ values }) => {
      const id = values[local];
      return typeof id === 'string' ? [id] : [];
    });
    for (const link of await unit.linksHere(references, [...new Set(ids)])) {
      if (!link.parted) found.set(`${references}/${link.localId}`, link.externalId);
    }
  }
  return (kind, localId) => (localId === null ? null : found.get(`${kind}/${String(localId)}`));
}
