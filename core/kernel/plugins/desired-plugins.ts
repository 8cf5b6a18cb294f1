import type { Configuration } from '../../config/configuration.ts';
import {
  featuresOf,
  sectionOf,
  type InstalledPlugin,
  type InstalledPlugins,
} from '../../config/capabilities/installed.ts';
import { switchOf } from '../../config/capabilities/plugin-switch.ts';
import type { LoadedConfiguration } from '../../config/load.ts';
import type { Desired, DesiredPlugin } from '../../host/desired.ts';
import type { AvailablePlugin } from '../../host/packages/discover.ts';

/** The flag that gates a plugin. */
export function flagOf(plugin: string): string {
  return `plugin.${plugin}`;
}

/** What the configuration must know of the plugins at hand; of several versions the newest speaks. */
export function installedOf(available: readonly Pick<AvailablePlugin, 'manifest'>[]): InstalledPlugins {
  const byName = new Map<string, InstalledPlugin>();
  // Discovery gives the newest version of a name first.
  for (const { manifest } of available) {
    if (byName.has(manifest.name)) continue;
    byName.set(manifest.name, {
      name: manifest.name,
      features: manifest.features,
      providers: manifest.providers,
      config: manifest.config,
    });
  }
  return [...byName.values()];
}

/** Flags as the client's YAML sets them, by flag name; plugins that the file is silent about are left out. */
export function flagsOfYaml(
  { sources }: LoadedConfiguration,
  installed: InstalledPlugins,
): ReadonlyMap<string, boolean> {
  const flags = new Map<string, boolean>();
  for (const plugin of installed) {
    const { file } = switchOf(plugin, sources);
    if (file !== null) flags.set(flagOf(plugin.name), file);
  }
  return flags;
}

/** Overrides of the environment, by flag name. */
export function flagsOfEnvironment(
  { sources }: LoadedConfiguration,
  installed: InstalledPlugins,
): ReadonlyMap<string, { readonly enabled: boolean; readonly variable: string }> {
  const flags = new Map<string, { readonly enabled: boolean; readonly variable: string }>();
  for (const plugin of installed) {
    const { environment } = switchOf(plugin, sources);
    if (environment !== null) flags.set(flagOf(plugin.name), environment);
  }
  return flags;
}

/** What should run: on or off by flag, provider and configuration by the client's YAML. */
export function desiredOf(
  configuration: Configuration,
  installed: InstalledPlugins,
  isEnabled: (flag: string) => boolean,
): Desired {
  return new Map(installed.map((plugin) => [plugin.name, desiredPlugin(plugin, configuration, isEnabled)]));
}

function desiredPlugin(
  plugin: InstalledPlugin,
  configuration: Configuration,
  isEnabled: (flag: string) => boolean,
): DesiredPlugin {
  const named = featuresOf(plugin).map((key) => configuration.features[key]?.provider ?? null);
  const config = configuration.sections[sectionOf(plugin)];
  return {
    enabled: isEnabled(flagOf(plugin.name)),
    provider: named.find((provider) => provider !== null) ?? undefined,
    config: isRecord(config) ? config : {},
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
