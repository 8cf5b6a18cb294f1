import { createId } from '@orchestrall/sdk';
import type { RecordSource } from '../../provider.ts';
import { describeObject } from '../../salesforce/client/describe.ts';
import type { Transport } from '../../salesforce/client/transport.ts';
import { compileMapping } from '../../salesforce/mapping/compile.ts';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import { mappedObjects, proposeMapping } from '../../salesforce/mapping/propose.ts';
import type { SyncParts } from '../../sync/load.ts';
import type { ObjectPlan } from '../../sync/plan.ts';
import type { SyncStore } from '../../sync/state.ts';
import { kinds } from './kinds.ts';

/** The plans of the default mapping with overrides; throws what is wrong with them. */
export async function plansOf(transport: Transport, overrides: MappingOverrides): Promise<ObjectPlan[]> {
  const described = await Promise.all(
    mappedObjects(overrides, kinds).map(async (object) => describeObject(transport, object)),
  );
  const { objects, faults } = proposeMapping(described, kinds, overrides);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return compileMapping({ described, kinds, proposals: objects });
}

/** How long a transaction of the stand-in may last. */
export const overlapMs = 60_000;

/** The parts of a sync in a test. */
export function partsOf(source: RecordSource, store: SyncStore): SyncParts {
  return { source, store, createId, overlapMs, signal: new AbortController().signal };
}
