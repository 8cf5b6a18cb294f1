import { isAppError } from '@orchestrall/sdk';
import { partDeleted } from './deleted-here.ts';
import { loadAll } from './load.ts';
import type { SyncParts } from './load.ts';
import { mappingOf } from './plan.ts';
import type { ObjectPlan } from './plan.ts';
import { pullChanges, takeResolvable } from './pull.ts';
import { pushChanges } from './push.ts';

/** Objects that could not be synchronised in a run, with what was thrown. */
export interface SyncFailure {
  readonly object: string;
  readonly error: unknown;
}

/**
 * One run over all mapped objects, in the order of the plans (what others refer to first): loads what was never loaded
 * whole, pulls changes and deletions, then pushes. A run that ends anywhere, even by `kill -9`, is repeated whole: every
 * step goes on where it was. An object that is refused does not hold back the others; an outage (any error with status
 * 503) and the signal end the run at once, and are thrown.
 */
export async function runSync(
  parts: SyncParts,
  plans: readonly ObjectPlan[],
): Promise<readonly SyncFailure[]> {
  const failures: SyncFailure[] = [];
  const each = async (step: (plan: ObjectPlan) => Promise<void>): Promise<void> => {
    for (const plan of plans) {
      if (failures.some(({ object }) => object === plan.object)) continue;
      try {
        await step(plan);
      } catch (error) {
        parts.signal.throwIfAborted();
        if (!isAppError(error) || error.status === 503) throw error;
        failures.push({ object: plan.object, error });
      }
    }
  };
  await each(async (plan) => partDeleted(parts, plan));
  await each(async (plan) => pull(parts, plan));
  await each(async (plan) => takeResolvable(parts, plan));
  await each(async (plan) => pushChanges(parts, plan, plans));
  return failures;
}

async function pull(parts: SyncParts, plan: ObjectPlan): Promise<void> {
  const kept = await parts.store.transaction(async (unit) => unit.cursor(plan.object));
  const fits = kept?.load.mapping === mappingOf(plan);
  const loaded =
    fits && kept?.load.phase === 'done' ? kept : await loadAll(parts, plan, fits ? kept : undefined);
  const { needsLoad } = await pullChanges(parts, plan, loaded);
  if (!needsLoad) return;
  // What was deleted meanwhile is told by a load alone; a log that is cut again is told at the next run.
  await pullChanges(parts, plan, await loadAll(parts, plan, undefined));
}
