import type { SyncParts } from './load.ts';
import { giveAll, refuse } from './give.ts';
import type { Giving, PushRound } from './give.ts';
import type { ObjectPlan } from './plan.ts';
import { differing } from './values.ts';

/**
 * Creates records of ours there under our id, so that one whose answer was lost is found and not made twice. Its link
 * has no stamp yet: the next pull brings it.
 */
export async function createThere(
  { source, store }: SyncParts,
  plan: ObjectPlan,
  fresh: readonly Giving[],
  round: PushRound,
): Promise<void> {
  const { keyField, object } = plan;
  if (fresh.length === 0) return;
  if (keyField === undefined) {
    for (const giving of fresh)
      refuse(plan, giving, 'the mapping names no field there that holds our id', round);
    return;
  }
  const filled = fresh.map((giving) => ({ ...giving, values: differing(giving.values, {}) }));
  const given = await store.transaction(async (unit) => giveAll(unit, plan, filled, round));
  if (given.length === 0) return;
  const creations = given.map(({ giving, fields }) => ({ key: giving.local.id, fields }));
  const results = await source.create(object, keyField, creations);
  for (const [index, { giving, values }] of given.entries()) {
    const result = results[index];
    const { local, change } = giving;
    if (result?.outcome === 'written') {
      round.links.push({
        object,
        externalId: result.id,
        kind: plan.kind,
        localId: local.id,
        stamp: new Date(0).toISOString(),
        base: values,
        kept: {},
        loadId: null,
        parted: false,
      });
      round.settled.push(change);
    } else if (result?.outcome === 'refused') refuse(plan, giving, result.reason, round);
  }
}
