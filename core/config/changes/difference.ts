import { Secret, secretMask } from '@orchestrall/sdk';
import type { InstalledPlugins } from '../capabilities/installed.ts';
import type { LoadedConfiguration } from '../load.ts';
import { revealed } from '../secrets/revealed.ts';
import { namesSecret } from '../secrets/secret-names.ts';
import { schemasAlong } from '../validation/schemas-along.ts';
import { renderPath } from '../source/tree.ts';

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

interface Leaf {
  readonly path: readonly string[];
  /** What is compared: the value itself, secrets included. */
  readonly exact: string;
  readonly shown: unknown;
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
  const before = leavesOf(previous);
  const after = leavesOf(next);
  const differences: ConfigurationDifference[] = [];
  for (const rendered of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(rendered);
    const fresh = after.get(rendered);
    if (old?.exact === fresh?.exact) continue;
    differences.push({
      path: rendered,
      change: old === undefined ? 'added' : fresh === undefined ? 'removed' : 'changed',
      applies: appliesAt((fresh ?? old)?.path ?? [], installed),
      before: old?.shown ?? null,
      after: fresh?.shown ?? null,
    });
  }
  return differences.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

function leavesOf({ value, secrets }: LoadedConfiguration): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (item: unknown, path: readonly string[]): void => {
    const rendered = renderPath(path);
    if (isMapping(item)) {
      for (const [key, child] of Object.entries(item)) visit(child, [...path, key]);
      return;
    }
    const named = typeof item !== 'boolean' && item !== null && namesSecret(path.at(-1) ?? '');
    const secret = item instanceof Secret || named || secrets.paths().some((at) => isWithin(at, rendered));
    leaves.set(rendered, {
      path,
      exact: JSON.stringify(revealed(item)),
      shown: secret ? secretMask : item,
    });
  };
  const { sections, ...core } = value;
  visit({ ...sections, ...core }, []);
  return leaves;
}

function isMapping(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !(item instanceof Secret);
}

function isWithin(secretPath: string, rendered: string): boolean {
  return secretPath === rendered || secretPath.startsWith(`${rendered}[`);
}

/** Whether a change of a path takes effect at once: what the nearest `x-applies` above it says. */
function appliesAt(path: readonly string[], installed: InstalledPlugins): 'live' | 'restart' {
  if (path[0] === 'features') return 'live';
  const saying = schemasAlong(path, installed).findLast((schema) => schema['x-applies'] !== undefined);
  return saying?.['x-applies'] ?? 'live';
}
