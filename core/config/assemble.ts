import { applyEnvironment, applyOverrides } from './apply-environment.ts';
import { checkMeaning } from './check-meaning.ts';
import { CoreSections } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import type { Variables } from './source/environment.ts';
import { fitsRevealed } from './validation/fits.ts';
import { featuresOf, sectionOf } from './capabilities/installed.ts';
import type { InstalledPlugins } from './capabilities/installed.ts';
import { interpolate } from './source/interpolate.ts';
import { knowsPath, schemasAlong } from './capabilities/schemas-along.ts';
import { applyPresets, presetsNamedBy } from './presets.ts';
import { readSwitches } from './capabilities/environment-switches.ts';
import type { EnvironmentSwitches } from './capabilities/environment-switches.ts';
import { readFeatures } from './capabilities/read-features.ts';
import type { FeatureSource, ReadFeature } from './capabilities/read-features.ts';
import { readSections } from './capabilities/read-sections.ts';
import { alwaysOnFeatures, reservedNames, reservedSections } from './capabilities/reserved-names.ts';
import { setAside } from './capabilities/set-aside-inactive.ts';
import type { InactiveKey } from './capabilities/set-aside-inactive.ts';
import { emptyMapping } from './source/tree.ts';
import type { MappingNode } from './source/tree.ts';
import { reportMissing, reportUnknownKey } from './validation/schema-faults.ts';
import type { Validation } from './validation/schema-faults.ts';
import { readBySchema } from './validation/validate.ts';

/** What a configuration is put together from. */
export interface Assembly {
  /** The YAML as written; `undefined` where it could not be read, which is reported already. */
  readonly written: MappingNode | undefined;
  readonly variables: Variables;
  /** Takes the files that `${file:...}` names. */
  readonly files: Set<string>;
  readonly validation: Validation;
  readonly options: {
    readonly installed: InstalledPlugins;
    readonly overrides?: Readonly<Record<string, string>> | undefined;
  };
}

/** A configuration that is put together, and where its features come from. */
export interface Assembled {
  readonly value: Configuration;
  readonly sources: Readonly<Record<string, FeatureSource>>;
  readonly inactive: readonly InactiveKey[];
}

/** Puts file, environment, command line, presets and defaults together; throws all faults at once. */
export async function assemble(assembly: Assembly): Promise<Assembled> {
  const { validation, options } = assembly;
  const { faults } = validation;
  const { installed } = options;
  const { tree, switches, inactive } = await gather(assembly);
  // A file that could not be read has its faults already; judging what is not there would add false ones.
  if (assembly.written === undefined) faults.throwIfAny();

  const { tier, model } = presetsNamedBy(tree);
  applyPresets(tree, tier, model);
  refuseUnknownSections(tree, installed, validation);
  const core = readCore(tree, validation);
  const features = readFeatures(tree.entries.get('features')?.node, installed, switches, validation);
  const sections = readSections(tree, installed, features, validation);
  for (const fault of await checkMeaning(core, tree)) faults.add(fault);
  faults.throwIfAny();

  if (!fitsRevealed(CoreSections, core))
    throw new TypeError('the configuration passed validation and does not fit its schema');
  const client = { ...core.client, name: core.client.name === '' ? core.client.id : core.client.name };
  return {
    value: { ...core, client, features: mapValues(features, plainFeature), sections },
    sources: mapValues(features, (feature) => feature.source),
    inactive: [...inactive, ...inactiveSwitches(switches, features)],
  };
}

/** What is written in the file, with variables in place, under what environment and command line set. */
async function gather({ written, variables, files, validation, options }: Assembly): Promise<{
  tree: MappingNode;
  switches: EnvironmentSwitches;
  inactive: readonly InactiveKey[];
}> {
  const { faults, folder } = validation;
  const { installed, overrides = {} } = options;
  const { active, inactive } = setAside(written ?? emptyMapping({ file: 'environment' }), installed);
  const used = new Set<string>();
  const resolved = await interpolate(active, [], { variables, folder, faults, used, files });
  const tree = resolved.kind === 'mapping' ? resolved : active;
  const features = [...new Set([...installed.flatMap(featuresOf), ...reservedNames, ...alwaysOnFeatures])];
  const knows = (path: readonly string[]): boolean => knowsPath(path, installed);
  const ignored = applyEnvironment({ tree, variables, used, knows, features, faults });
  applyOverrides(tree, overrides);
  const switches = readSwitches(variables, used, features, validation);
  return { tree, switches, inactive: [...inactive, ...ignored] };
}

function inactiveSwitches(
  switches: EnvironmentSwitches,
  features: ReadonlyMap<string, ReadFeature>,
): InactiveKey[] {
  return [...switches]
    .filter(([feature]) => !features.has(feature))
    .map(([feature, { variable }]) => ({
      path: `features.${feature}`,
      reason: `${variable} sets it, and the capability \`${feature}\` is not installed.`,
    }));
}

function refuseUnknownSections(tree: MappingNode, installed: InstalledPlugins, validation: Validation): void {
  const own = Object.keys(CoreSections.properties);
  const allowed = new Set([...own, 'features', ...installed.map(sectionOf)]);
  const known = [...new Set([...allowed, ...reservedSections])];
  let above = '';
  for (const [key, { keyPlace, node }] of tree.entries) {
    if (!allowed.has(key)) {
      const slipped = belongsTo(above, key, installed);
      const advice = slipped ? `Indent it by two spaces: it belongs to \`${above}:\`.` : undefined;
      reportUnknownKey(known, {}, key, keyPlace, [], validation, advice);
    } else above = node.kind === 'scalar' && node.value === null ? key : '';
  }
}

/** Whether a section, here one with nothing below it, has a key. */
function belongsTo(section: string, key: string, installed: InstalledPlugins): boolean {
  return section === 'features'
    ? installed.flatMap(featuresOf).includes(key)
    : schemasAlong([section, key], installed).length === 2;
}

function readCore(tree: MappingNode, validation: Validation): Record<string, unknown> {
  const core: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(CoreSections.properties)) {
    const entry = tree.entries.get(name);
    if (entry === undefined && name === 'client') reportMissing(schema, tree.place, [name], validation);
    else core[name] = readBySchema(schema, entry?.node ?? emptyMapping(tree.place), [name], validation);
  }
  return core;
}

function plainFeature({ enabled, provider }: ReadFeature): { enabled: boolean; provider: string | null } {
  return { enabled, provider };
}

function mapValues<From, To>(
  map: ReadonlyMap<string, From>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}
