import type { TSchema } from 'typebox';

/** What the configuration must know about a plugin that is installed; it follows from the plugin's manifest. */
export interface InstalledPlugin {
  /** Name of the manifest, `crm`; its section in the YAML is the same with `_` for `-`. */
  readonly name: string;
  /** Keys under `features` that switch it; default the section's name. */
  readonly features?: readonly string[];
  /** Providers that are installed; the first is the default. Without the list any name is passed on. */
  readonly providers?: readonly string[];
  /** Schema of its configuration; without it the plugin takes none. */
  readonly config?: TSchema;
  /** Whether it is on where the file does not say; default false. */
  readonly enabledByDefault?: boolean;
}

/** All plugins that are installed. */
export type InstalledPlugins = readonly InstalledPlugin[];

/** Name of a plugin's section in the YAML. */
export function sectionOf(plugin: InstalledPlugin): string {
  return plugin.name.replaceAll('-', '_');
}

/** Keys under `features` that switch a plugin. */
export function featuresOf(plugin: InstalledPlugin): readonly string[] {
  return plugin.features ?? [sectionOf(plugin)];
}
