import { secretMask } from '@orchestrall/sdk';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import type { LoadedConfiguration } from '../load.ts';
import { schemasAlong } from '../capabilities/schemas-along.ts';
import { renderPath } from '../source/tree.ts';
import { leavesOf } from './leaves.ts';
import type { ConfigurationSnapshot, SnapshotValue } from './snapshot.ts';

/** One value that differs between two configurations; secrets are masked. */
export interface ConfigurationDifference {
  /** As in the YAML: `security.rate_limit.burst_size`. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Whether it takes effect at once, or only when the appliance is started again. */
  readonly applies: 'live' | 'restart';
  /** Null where the value was added. */
  readonly before: unknown;
  /** Null where the value was removed. */
  readonly after: unknown;
}

/** One side of a comparison. */
interface Compared {
  readonly path: readonly string[];
  /** Equal on both sides when the values are. */
  readonly exact: string;
  readonly shown: unknown;
  readonly isSecret: boolean;
}

/**
 * What differs between two configurations, value by value (a list is one value), sorted by path.
 * Pure. `installed` tells which keys of plugins' sections need a restart; without it all of them are live.
 */
export function difference(
  previous: LoadedConfiguration,
  next: LoadedConfiguration,
  installed: InstalledPlugins = [],
): ConfigurationDifference[] {
  return compare(leavesOf(previous), leavesOf(next), installed);
}

/**
 * As `difference`, of two snapshots, one of which may have been stored. Snapshots under different keys differ in every
 * secret, since none can be compared.
 */
export function snapshotDifference(
  previous: ConfigurationSnapshot,
  next: ConfigurationSnapshot,
  installed: InstalledPlugins = [],
): ConfigurationDifference[] {
  return compare(previous.map(comparable), next.map(comparable), installed);
}

function comparable({ path, shown, seal }: SnapshotValue): Compared {
  return { path, shown, exact: seal ?? JSON.stringify(shown), isSecret: seal !== null };
}

function compare(
  previous: readonly Compared[],
  next: readonly Compared[],
  installed: InstalledPlugins,
): ConfigurationDifference[] {
  const before = byPath(previous);
  const after = byPath(next);
  const differences: ConfigurationDifference[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(path);
    const fresh = after.get(path);
    if (old?.exact === fresh?.exact) continue;
    // A value that was no secret before it became one, or is none any more, is as secret as the other.
    const isSecret = old?.isSecret === true || fresh?.isSecret === true;
    differences.push({
      path,
      change: old === undefined ? 'added' : fresh === undefined ? 'removed' : 'changed',
      applies: appliesAt((fresh ?? old)?.path ?? [], installed),
      before: shownAs(old, isSecret),
      after: shownAs(fresh, isSecret),
    });
  }
  return differences.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

function byPath(values: readonly Compared[]): Map<string, Compared> {
  return new Map(values.map((value) => [renderPath(value.path), value]));
}

function shownAs(value: Compared | undefined, isSecret: boolean): unknown {
  if (value === undefined) return null;
  return isSecret ? secretMask : value.shown;
}

/** Whether a change of a path takes effect at once: what the nearest `x-applies` above it says. */
function appliesAt(path: readonly string[], installed: InstalledPlugins): 'live' | 'restart' {
  if (path[0] === 'features') return 'live';
  const saying = schemasAlong(path, installed).findLast((schema) => schema['x-applies'] !== undefined);
  return saying?.['x-applies'] ?? 'live';
}
