import type { InstalledPlugins } from './installed.ts';
import { featuresOf, sectionOf } from './installed.ts';
import { reservedNames, reservedSections } from './reserved-names.ts';
import { nodeAt } from '../source/tree.ts';
import type { MappingNode } from '../source/tree.ts';

/** A key that is known but has no effect now. */
export interface InactiveKey {
  /** `features.agents`, `monitoring`. */
  readonly path: string;
  /** Why, one sentence. */
  readonly reason: string;
}

/**
 * Takes what belongs to capabilities that are not installed out of a tree, before anything in it is looked at: their
 * variables need not be set, and their keys are not judged.
 */
export function setAside(
  tree: MappingNode,
  installed: InstalledPlugins,
): { active: MappingNode; inactive: InactiveKey[] } {
  const sections = new Set(installed.map(sectionOf));
  const features = new Set(installed.flatMap(featuresOf));
  const inactive: InactiveKey[] = [];
  const active: MappingNode = { ...tree, entries: new Map(tree.entries) };
  for (const name of reservedSections) {
    if (sections.has(name) || features.has(name) || !active.entries.delete(name)) continue;
    inactive.push({ path: name, reason: `The capability \`${name}\` is not installed.` });
  }
  const given = nodeAt(tree, ['features']);
  const entry = tree.entries.get('features');
  if (given?.kind !== 'mapping' || entry === undefined) return { active, inactive };
  const kept = new Map(given.entries);
  for (const name of reservedNames) {
    if (features.has(name) || !kept.delete(name)) continue;
    inactive.push({ path: `features.${name}`, reason: `The capability \`${name}\` is not installed.` });
  }
  active.entries.set('features', { ...entry, node: { ...given, entries: kept } });
  return { active, inactive };
}
