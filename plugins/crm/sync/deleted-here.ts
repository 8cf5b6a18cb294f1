import type { SyncParts } from './load.ts';
import { deletedHere, partedHere } from './parting.ts';
import type { ObjectPlan } from './plan.ts';

/** Changed records that are looked at together. */
const changesAtATime = 1_000;

/**
 * Parts the links of records that were deleted here, and tells that they are still there. Before anything is pulled, so
 * that nothing is made to refer to them.
 */
export async function partDeleted({ store, signal }: SyncParts, plan: ObjectPlan): Promise<void> {
  for (let after = ''; ;) {
    signal.throwIfAborted();
    const from = after;
    const last = await store.transaction(async (unit) => {
      const ids = (await unit.changes(plan.kind, from, changesAtATime)).map(({ id }) => id);
      const there = new Set((await unit.read(plan.kind, ids)).map(({ id }) => id));
      const links = await unit.linksHere(
        plan.kind,
        ids.filter((id) => !there.has(id)),
      );
      const parting = links.filter((link) => link.object === plan.object && !link.parted);
      await unit.saveLinks(parting.map(partedHere));
      const externalIds = parting.map((link) => link.externalId);
      await unit.replaceConflicts(plan.object, externalIds, parting.map(deletedHere));
      return ids.at(-1);
    });
    if (last === undefined) return;
    after = last;
  }
}
