import type { Database } from '@orchestrall/sdk';
import { crmError } from '../../errors.ts';
import type { TargetKind } from '../../provider.ts';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import type { ObjectPlan } from '../../sync/plan.ts';
import type { SyncProvider } from '../../sync/proposal.ts';
import { targetsOf } from '../target/target-kinds.ts';
import type { TargetScope } from '../target/target-kinds.ts';
import { readMapping } from './mapping-store.ts';

/** How long a mapping is gone by before the outside system is asked again what it has, milliseconds. */
const plansHoldMs = 1_800_000;

/** Makes plans of the mapping as it stands. */
export interface Planner {
  /**
   * The plans, asked for anew after half an hour, when the mapping has changed, and with `anew`. Throws
   * `SYNC_MAPPING_INVALID` when it no longer fits, and what the provider throws.
   */
  plans(provider: SyncProvider, anew: boolean): Promise<readonly ObjectPlan[]>;
  /** The kinds as providers know them now. */
  kinds(): Promise<readonly TargetKind[]>;
}

/** Makes a planner of one generation, whose kinds of records stay as they are but for stages of pipelines. */
export function createPlanner(database: Database, scope: TargetScope, nowMs: () => number): Planner {
  let kept:
    | { readonly key: string; readonly atMs: number; readonly plans: readonly ObjectPlan[] }
    | undefined;
  const kinds = async (): Promise<TargetKind[]> =>
    database.transaction(async (tx) => [...(await targetsOf(scope, tx)).values()].map(({ known }) => known));
  return {
    kinds,
    async plans(provider, anew) {
      const { overrides, version } = await readMapping(database);
      const known = await kinds();
      const key = JSON.stringify([version, known]);
      if (!anew && kept?.key === key && nowMs() - kept.atMs < plansHoldMs) return kept.plans;
      const plans = await planOf(provider, known, overrides);
      kept = { key, atMs: nowMs(), plans };
      return plans;
    },
  };
}

async function planOf(
  provider: SyncProvider,
  kinds: readonly TargetKind[],
  overrides: MappingOverrides,
): Promise<readonly ObjectPlan[]> {
  const { proposal, plans } = await provider.propose(kinds, overrides);
  if (proposal.faults.length === 0) return plans;
  const list = proposal.faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw crmError('SYNC_MAPPING_INVALID', { list });
}
