import type { SyncParts } from './load.ts';
import type { ObjectPlan } from './plan.ts';
import { takeAgain } from './pull.ts';
import type { Conflict, Link, SyncUnit } from './state.ts';
import { differing } from './values.ts';

/** Whose side counts in a conflict. */
export type Side = 'local' | 'remote';

/** What a decision came to: `undecidable` for a value that would lose something of theirs if ours went there. */
export type Decision = 'decided' | 'not_open' | 'undecidable';

/**
 * Decides an open conflict: the other side's value is then known and gives way at the next push, or at once here. A
 * deletion is made on the other side too (`remote` of `deleted_there`, `local` of `deleted_here` leaves theirs), or the
 * record is made again.
 *
 * @param field empty for a conflict about the record itself
 */
export async function decideConflict(
  parts: SyncParts,
  plan: ObjectPlan,
  externalId: string,
  field: string,
  side: Side,
): Promise<Decision> {
  const decision = await parts.store.transaction(async (unit) => {
    const open = await unit.openConflicts(plan.object, [externalId]);
    const conflict = open.find((each) => each.field === field);
    const [link] = await unit.links(plan.object, [externalId]);
    if (conflict === undefined || link === undefined) return 'not_open';
    if (conflict.reason === 'would_lose' && side === 'local') return 'undecidable';
    if (field === '') await decideDeletion(unit, plan, link, conflict, side);
    else await decideField(unit, plan, link, conflict, side);
    const others = open.filter((each) => each.field !== field);
    await unit.replaceConflicts(plan.object, [externalId], others);
    return 'decided';
  });
  const takesTheirs = field !== '' || side === 'remote';
  if (decision === 'decided' && takesTheirs) await takeAgain(parts, plan, [externalId]);
  return decision;
}

async function decideField(
  unit: SyncUnit,
  plan: ObjectPlan,
  link: Link,
  { field, remote, localId }: Conflict,
  side: Side,
): Promise<void> {
  const base = { ...link.base, [field]: remote };
  const kept = Object.fromEntries(Object.entries(link.kept).filter(([name]) => name !== field));
  if (side === 'local') {
    await unit.saveLinks([{ ...link, base, kept }]);
    await unit.queue(plan.kind, [localId]);
    return;
  }
  const [result] = await unit.write(plan.kind, [{ id: localId, fields: { [field]: remote } }]);
  if (result?.outcome !== 'written') return;
  const here = { ...kept, [field]: result.record.fields[field] ?? null };
  await unit.saveLinks([{ ...link, base, kept: differing(here, base) }]);
}

async function decideDeletion(
  unit: SyncUnit,
  plan: ObjectPlan,
  link: Link,
  { reason, localId }: Conflict,
  side: Side,
): Promise<void> {
  if (reason === 'deleted_here') {
    // Theirs stays as it is; for ours to be made again, nothing may remember that it was deleted.
    if (side === 'remote') await unit.dropLinks(plan.object, [link.externalId]);
    return;
  }
  if (side === 'remote') await unit.remove(plan.kind, [localId]);
  await unit.dropLinks(plan.object, [link.externalId]);
  if (side === 'local') await unit.queue(plan.kind, [localId]);
}
