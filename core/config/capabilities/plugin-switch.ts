import { featuresOf } from './installed.ts';
import type { InstalledPlugin } from './installed.ts';
import type { FeatureSource } from './read-features.ts';

/** What each source says of a plugin as a whole; null where it says nothing. */
export interface PluginSwitch {
  /** Stands over the file; `variable` is the one that decided. */
  readonly environment: NonNullable<FeatureSource['environment']> | null;
  readonly file: boolean | null;
}

/**
 * A plugin's feature keys are one switch: in each source it is on if any key that the source names is on, and off if
 * it names only such that are off.
 */
export function switchOf(
  plugin: InstalledPlugin,
  sources: Readonly<Record<string, FeatureSource>>,
): PluginSwitch {
  const own = featuresOf(plugin).flatMap((key) => sources[key] ?? []);
  const variables = own.flatMap(({ environment }) => environment ?? []);
  const written = own.flatMap(({ file }) => file ?? []);
  return {
    environment: variables.find(({ enabled }) => enabled) ?? variables[0] ?? null,
    file: written.length === 0 ? null : written.includes(true),
  };
}
