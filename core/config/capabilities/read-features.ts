import { booleanOf } from '../validation/text-to-value.ts';
import type { Feature } from '../configuration.ts';
import type { EnvironmentSwitches } from './environment-switches.ts';
import { featuresOf } from './installed.ts';
import type { InstalledPlugins } from './installed.ts';
import { alwaysOnFeatures, reservedNames } from './reserved-names.ts';
import { FeatureSettings } from '../sections/features.ts';
import { kindOf, renderPath } from '../source/tree.ts';
import type { MappingNode, Place, ScalarNode, TreeNode } from '../source/tree.ts';
import { reportUnknownKey } from '../validation/schema-faults.ts';
import type { Validation } from '../validation/schema-faults.ts';
import { readBySchema } from '../validation/validate.ts';

/** What each source says of one feature, and which of them decided. */
export interface FeatureSource {
  readonly decidedBy: 'core' | 'environment' | 'file' | 'default';
  /** What the file says; null where it says nothing. */
  readonly file: boolean | null;
  /** What the environment says, and by which variable; null where it says nothing. */
  readonly environment: { readonly variable: string; readonly enabled: boolean } | null;
  readonly default: boolean;
}

/** A feature as read, with the part of its `config` that its plugin's schema still has to judge. */
export interface ReadFeature extends Feature {
  readonly source: FeatureSource;
  readonly config: MappingNode | undefined;
  /** Where its key stands; undefined where the file does not name it. */
  readonly place: Place | undefined;
}

/** Reads `features`: the core's, which cannot be switched off, and those of installed plugins. */
export function readFeatures(
  node: TreeNode | undefined,
  installed: InstalledPlugins,
  switches: EnvironmentSwitches,
  validation: Validation,
): Map<string, ReadFeature> {
  const defaults = new Map(
    installed.flatMap((plugin) => featuresOf(plugin).map((key) => [key, plugin.enabledByDefault ?? false])),
  );
  const features = new Map<string, ReadFeature>();
  const entries = entriesOf(node, validation);
  for (const key of alwaysOnFeatures) {
    const given = entries.get(key)?.node;
    if (given !== undefined) requireOn(key, given, validation);
    const source: FeatureSource = { decidedBy: 'core', file: null, environment: null, default: true };
    features.set(key, { enabled: true, provider: null, source, config: undefined, place: undefined });
  }
  for (const [key, enabledByDefault] of defaults) {
    const given = entries.get(key)?.node;
    const read = given === undefined ? undefined : readFeature(key, given, validation);
    const environment = switches.get(key) ?? null;
    const file = read?.enabled ?? null;
    const source: FeatureSource = {
      decidedBy: environment !== null ? 'environment' : file !== null ? 'file' : 'default',
      file,
      environment,
      default: enabledByDefault,
    };
    features.set(key, {
      enabled: environment?.enabled ?? file ?? enabledByDefault,
      provider: read?.provider ?? null,
      source,
      config: read?.config,
      place: entries.get(key)?.keyPlace,
    });
  }
  const known = [...features.keys(), ...reservedNames];
  for (const [key, { keyPlace }] of entries)
    if (!features.has(key))
      reportUnknownKey([...new Set(known)], {}, key, keyPlace, ['features'], validation);
  return features;
}

function entriesOf(node: TreeNode | undefined, validation: Validation): MappingNode['entries'] {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return new Map();
  if (node.kind === 'mapping') return node.entries;
  readBySchema({ type: 'object' }, node, ['features'], validation);
  return new Map();
}

function requireOn(key: string, node: TreeNode, validation: Validation): void {
  if (node.kind === 'scalar' && valueOf(node) === true) return;
  validation.faults.add({
    code: 'refused_key',
    place: node.place,
    path: renderPath(['features', key]),
    message: `The feature \`${key}\` is always on.`,
    expected: '`true`, or no such key',
    found: kindOf(node),
    remedy: 'Remove the key, or write `true`.',
  });
}

function readFeature(
  key: string,
  node: TreeNode,
  validation: Validation,
): { enabled: boolean; provider: string | null; config: MappingNode | undefined } | undefined {
  const path = ['features', key];
  if (node.kind === 'mapping') {
    const config = node.entries.get('config')?.node;
    const rest = new Map(node.entries);
    // The plugin's own schema judges what stands in `config`; here only its kind counts.
    if (config?.kind === 'mapping') rest.delete('config');
    const settings = readBySchema(FeatureSettings, { ...node, entries: rest }, path, validation);
    return {
      enabled: property(settings, 'enabled') !== false,
      provider: textOf(property(settings, 'provider')),
      config: config?.kind === 'mapping' ? config : undefined,
    };
  }
  const enabled = node.kind === 'scalar' ? valueOf(node) : undefined;
  if (typeof enabled === 'boolean') return { enabled, provider: null, config: undefined };
  if (node.kind === 'scalar' && node.unresolved === true) return undefined;
  validation.faults.add({
    code: 'wrong_type',
    place: node.place,
    path: renderPath(path),
    message: 'A feature is a boolean or a mapping.',
    expected: '`true`, `false`, or a mapping with `enabled`, `provider` and `config`',
    found: kindOf(node),
    remedy: 'Write `true` or `false`, without quotes.',
  });
  return undefined;
}

function valueOf(node: ScalarNode): unknown {
  return node.from !== undefined && typeof node.value === 'string' ? booleanOf(node.value) : node.value;
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
