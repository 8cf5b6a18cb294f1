import semver from 'semver';
import { findClashes } from './clashes.ts';
import type { Clash } from './clashes.ts';
import { cycleThrough, dependenciesFirst } from './graph.ts';
import type { Graph } from './graph.ts';
import type { ManifestDocument } from './manifest/document.ts';
import { explainUnmet, meetsNeed } from './needs.ts';
import type { UnmetNeed } from './needs.ts';

/** Which plugins there are and which are wanted. */
export interface ResolveOptions {
  /** The version of each plugin that would run, on or off; in a clash the earlier one keeps what it has. */
  readonly manifests: readonly ManifestDocument[];
  /** Names of those that shall be on. */
  readonly wanted: ReadonlySet<string>;
  /** Version of the core. */
  readonly engineVersion: string;
}

/** One reason why a wanted plugin cannot run. */
export interface RefusalReason {
  readonly code: 'name_taken' | 'engine' | 'cycle' | Clash['code'] | UnmetNeed['code'];
  /** A sentence without its end. */
  readonly reason: string;
  /** What to do about it, one sentence. */
  readonly remedy: string;
}

/** Which wanted plugins can run. */
export interface Resolution {
  /** Providers before consumers; among plugins that do not depend on each other by name. */
  readonly order: readonly string[];
  /** Every other wanted plugin with all of its reasons, at least one. */
  readonly refused: ReadonlyMap<string, readonly RefusalReason[]>;
}

/**
 * Decides which of the wanted plugins can run and in which order they are switched on. One that cannot run takes
 * along those that need it and nothing else. An optional need orders its provider first unless that made a cycle.
 */
export function resolvePlugins(options: ResolveOptions): Resolution {
  const refused = new Map<string, RefusalReason[]>();
  const refuse = (name: string, reason: RefusalReason) =>
    refused.set(name, [...(refused.get(name) ?? []), reason]);
  const eligible = refuseUnfit(options, refuse);
  for (const manifest of eligible) {
    for (const need of manifest.needs.filter((each) => each.required)) {
      const unmet = explainUnmet(need, eligible, options.manifests, options.wanted);
      if (unmet !== undefined) refuse(manifest.name, unmet);
    }
  }
  const required = dependencyGraph(eligible, true);
  for (const { name } of eligible) {
    const cycle = cycleThrough(required, name);
    if (cycle === undefined) continue;
    const reason = `its needs form a cycle: ${cycle.join(' -> ')}`;
    refuse(name, { code: 'cycle', reason, remedy: 'Make one of these needs optional.' });
  }
  const own = new Map(refused);
  // The members of a cycle have a reason of their own, so this ends.
  const causeOf = (name: string): string | undefined =>
    own.get(name)?.[0]?.reason ?? first(required.get(name) ?? [], causeOf);
  for (const [name, providers] of required) {
    if (own.get(name)?.some(({ code }) => code === 'cycle') === true) continue;
    for (const provider of providers) {
      const cause = causeOf(provider);
      if (cause === undefined) continue;
      const reason = `needs ${provider}, which cannot run: ${cause}`;
      refuse(name, { code: 'provider_refused', reason, remedy: `Correct ${provider} first.` });
    }
  }
  const runnable = eligible.filter(({ name }) => !refused.has(name));
  const order = dependenciesFirst(dependencyGraph(runnable, true), dependencyGraph(runnable, false));
  return { order, refused };
}

/** Wanted plugins that have no fault of their own; the faults of the others are reported. */
function refuseUnfit(
  { manifests, wanted, engineVersion }: ResolveOptions,
  refuse: (name: string, reason: RefusalReason) => void,
): ManifestDocument[] {
  const named = new Map<string, ManifestDocument[]>();
  for (const manifest of manifests) named.set(manifest.name, [...(named.get(manifest.name) ?? []), manifest]);
  const fit: ManifestDocument[] = [];
  for (const [name, versions] of named) {
    const [manifest] = versions;
    if (manifest === undefined || !wanted.has(name)) continue;
    if (versions.length > 1) {
      const reason = `${versions.length} plugins have the name ${name}`;
      refuse(name, { code: 'name_taken', reason, remedy: 'Remove all but one of them.' });
    } else if (semver.satisfies(engineVersion, manifest.engine, { includePrerelease: true })) {
      fit.push(manifest);
    } else {
      const reason = `it runs on a core of version ${manifest.engine}, and this is ${engineVersion}`;
      refuse(name, { code: 'engine', reason, remedy: 'Install a version of the plugin for this core.' });
    }
  }
  const clashes = findClashes(fit);
  for (const [name, found] of clashes) for (const clash of found) refuse(name, clash);
  return fit;
}

/** Edges from each plugin to those that meet its required, or its optional, needs. */
function dependencyGraph(manifests: readonly ManifestDocument[], required: boolean): Graph {
  return new Map(
    manifests.map(({ name, needs }) => {
      const edges = needs
        .filter((need) => need.required === required)
        .flatMap((need) => manifests.filter((other) => meetsNeed(other, need)).slice(0, 1));
      return [name, new Set(edges.map((other) => other.name))];
    }),
  );
}

function first(names: Iterable<string>, find: (name: string) => string | undefined): string | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
