import type { Secret } from '@orchestrall/sdk';
import { difference } from './difference.ts';
import type { ConfigurationDifference } from './difference.ts';
import { hashOf } from './hash.ts';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import type { LoadedConfiguration } from '../load.ts';
import { snapshotOf } from './snapshot.ts';
import type { ConfigurationSnapshot } from './snapshot.ts';

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
  /** From the version before, also when that was in force in an earlier run; empty for the first. */
  readonly differences: readonly ConfigurationDifference[];
  /** Paths that differ from what was started with and wait for a restart. */
  readonly waiting: readonly string[];
}

/** A version before it is known which one it follows, with what the next one is compared with. */
export interface DescribedVersion extends Omit<ConfigurationVersion, 'differences'> {
  readonly snapshot: ConfigurationSnapshot;
}

/** Describes a configuration that is in force from now on. */
export function describeVersion(step: {
  /** What the process started with; what differs from it may wait for a restart. */
  readonly started: LoadedConfiguration;
  readonly next: LoadedConfiguration;
  readonly appliedAt: Date;
  /** Key under which secrets enter the hash and the snapshot. */
  readonly hashKey: Secret;
  readonly author?: string;
  readonly installed?: InstalledPlugins;
}): DescribedVersion {
  const { started, next, appliedAt, hashKey, author, installed } = step;
  const pending = difference(started, next, installed).filter(({ applies }) => applies === 'restart');
  return {
    applied_at: appliedAt.toISOString(),
    hash: hashOf(next, hashKey),
    file: next.file,
    author: author ?? null,
    waiting: pending.map(({ path }) => path),
    snapshot: snapshotOf(next, hashKey),
  };
}
