import type { Database } from '@orchestrall/sdk';
import { createArtifacts } from '../tokens/artifacts.ts';
import type { Artifacts } from '../tokens/artifacts.ts';
import { createRevocations } from '../tokens/revocations.ts';

/** Stored tokens as another replica sees them that has heard of no revocation. */
export function newArtifacts(database: Database): Artifacts {
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  return createArtifacts({
    database,
    revocations: createRevocations({ read: () => Promise.resolve([]), clock }),
    findClient: () => Promise.resolve(undefined),
  });
}
