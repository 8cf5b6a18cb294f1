import type { Secret } from '@orchestrall/sdk';
import { difference } from './difference.ts';
import type { ConfigurationDifference } from './difference.ts';
import { hashOf } from './hash.ts';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import type { LoadedConfiguration } from '../load.ts';

/** One applied configuration, fit to be stored and shown: no secret is in it. */
export interface ConfigurationVersion {
  /** RFC 3339, UTC, milliseconds. */
  readonly applied_at: string;
  /** See `hashOf`: another secret gives another hash. */
  readonly hash: string;
  /** Absolute path of the YAML; null for the built-in client. */
  readonly file: string | null;
  /** Who changed it, where known; an edit of a file has no author. */
  readonly author: string | null;
  /** Empty for the first version. */
  readonly differences: readonly ConfigurationDifference[];
  /** Paths that differ from what was started with (else from the previous one) and wait for a restart. */
  readonly waiting: readonly string[];
}

/** Describes the step from one configuration to the next as a version; `previous` is null at the first start. */
export function describeVersion(step: {
  readonly previous: LoadedConfiguration | null;
  /** What the process started with; with it an edit that is taken back waits no longer. */
  readonly started?: LoadedConfiguration;
  readonly next: LoadedConfiguration;
  readonly appliedAt: Date;
  /** Key under which secrets enter the hash. */
  readonly hashKey: Secret;
  readonly author?: string;
  readonly installed?: InstalledPlugins;
}): ConfigurationVersion {
  const { previous, next, appliedAt, author, installed } = step;
  const differences = previous === null ? [] : difference(previous, next, installed);
  const pending = step.started === undefined ? differences : difference(step.started, next, installed);
  return {
    applied_at: appliedAt.toISOString(),
    hash: hashOf(next, step.hashKey),
    file: next.file,
    author: author ?? null,
    differences,
    waiting: pending.filter(({ applies }) => applies === 'restart').map(({ path }) => path),
  };
}
