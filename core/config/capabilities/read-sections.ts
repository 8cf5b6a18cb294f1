import type { TSchema } from 'typebox';
import { FaultList } from '../faults.ts';
import { featuresOf, sectionOf } from './installed.ts';
import type { InstalledPlugin, InstalledPlugins } from './installed.ts';
import { switchOf } from './plugin-switch.ts';
import type { ReadFeature } from './read-features.ts';
import { Secrets } from '../secrets/secrets.ts';
import { emptyMapping, renderPath } from '../source/tree.ts';
import type { MappingEntry, MappingNode, Path } from '../source/tree.ts';
import { readBySchema } from '../validation/validate.ts';
import type { Validation } from '../validation/schema-faults.ts';

const noKeys: TSchema = { type: 'object', properties: {} };

/** Reads the configuration of every installed plugin, by section; see `Configuration.sections`. */
export function readSections(
  tree: MappingNode,
  installed: InstalledPlugins,
  features: ReadonlyMap<string, ReadFeature>,
  validation: Validation,
): Record<string, unknown> {
  const sections: Record<string, unknown> = {};
  for (const plugin of installed) {
    const value = readSection(tree, plugin, features, validation);
    if (value !== undefined) sections[sectionOf(plugin)] = value;
  }
  return sections;
}

function readSection(
  tree: MappingNode,
  plugin: InstalledPlugin,
  features: ReadonlyMap<string, ReadFeature>,
  validation: Validation,
): unknown {
  const section = sectionOf(plugin);
  const own = featuresOf(plugin).flatMap((key) => {
    const feature = features.get(key);
    return feature === undefined ? [] : [{ key, feature }];
  });
  const installedProviders = plugin.providers ?? ['builtin'];
  // What another provider would be told is not ours to judge; the host reports that the provider is missing.
  const foreign = own.some(
    ({ feature }) => !installedProviders.includes(feature.provider ?? installedProviders[0] ?? ''),
  );
  if (foreign) return undefined;

  const given = tree.entries.get(section);
  if (given !== undefined && given.node.kind !== 'mapping' && !isNothing(given))
    return readBySchema(noKeys, given.node, [section], validation);
  const merged = merge(section, given, own, validation);
  const schema = plugin.config ?? noKeys;
  const silent = given === undefined && own.every(({ feature }) => feature.config === undefined);
  if (silent && isOff(plugin, own)) return readQuietly(schema, merged.node, section, validation);
  return readBySchema(schema, merged.node, [section], { ...validation, nameOf: merged.nameOf });
}

function isOff(plugin: InstalledPlugin, own: readonly { key: string; feature: ReadFeature }[]): boolean {
  const sources = Object.fromEntries(own.map(({ key, feature }) => [key, feature.source]));
  const { environment, file } = switchOf(plugin, sources);
  return !(environment?.enabled ?? file ?? plugin.enabledByDefault ?? false);
}

function isNothing(entry: MappingEntry): boolean {
  return entry.node.kind === 'scalar' && entry.node.value === null;
}

/** A plugin that is off and of which the file says nothing may lack what it requires: it is then without section. */
function readQuietly(schema: TSchema, node: MappingNode, section: string, validation: Validation): unknown {
  const faults = new FaultList();
  const value = readBySchema(schema, node, [section], { ...validation, faults, secrets: new Secrets() });
  return faults.isEmpty ? value : undefined;
}

/** One mapping out of the plugin's section and the `config` of its features, and how its paths are written there. */
function merge(
  section: string,
  given: MappingEntry | undefined,
  own: readonly { key: string; feature: ReadFeature }[],
  { faults }: Validation,
): { node: MappingNode; nameOf: (path: Path) => string } {
  const configured = own.find(({ feature }) => feature.config !== undefined);
  const switched = own.find(({ feature }) => feature.place !== undefined)?.feature.place;
  const place = given?.keyPlace ?? configured?.feature.config?.place ?? switched;
  const node = emptyMapping(place ?? { file: 'built-in defaults' });
  const parents = new Map<string, Path>();
  const take = (mapping: MappingNode, parent: Path): void => {
    for (const [key, entry] of mapping.entries) {
      const first = parents.get(key);
      if (first !== undefined)
        faults.add({
          code: 'duplicate_key',
          place: entry.keyPlace,
          path: renderPath([...parent, key]),
          message: `The setting stands in two places; the other is \`${renderPath([...first, key])}\`.`,
          expected: 'each setting once',
          found: 'the same setting again',
          remedy: 'Keep one of the two.',
        });
      parents.set(key, first ?? parent);
      if (first === undefined) node.entries.set(key, entry);
    }
  };
  if (given?.node.kind === 'mapping') take(given.node, [section]);
  for (const { key, feature } of own)
    if (feature.config !== undefined) take(feature.config, ['features', key, 'config']);
  // What is missing is named where the file already speaks of the plugin.
  const usual: Path =
    given === undefined && configured !== undefined ? ['features', configured.key, 'config'] : [section];
  return {
    node,
    nameOf: ([, key, ...rest]) => {
      if (key === undefined) return renderPath(usual);
      return renderPath([...(parents.get(String(key)) ?? usual), key, ...rest]);
    },
  };
}
