import { join } from 'node:path';
import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import { loadConfiguration, type LoadedConfiguration, type LoadOptions } from '../../config/load.ts';
import { readPluginPaths } from '../../config/plugin-paths.ts';
import type { Foundation } from '../foundation.ts';
import { installedOf } from '../plugins/desired-plugins.ts';
import { PluginShelf } from '../plugins/shelf.ts';
import { applyLevels } from './log-levels.ts';

/** The client's YAML as it was at the start, with the plugins at hand, which tell what may stand in it. */
export interface Client {
  readonly shelf: PluginShelf;
  readonly initial: LoadedConfiguration;
  /** The plugins that are installed now. */
  readonly installed: () => InstalledPlugins;
  /** How to load it with them. */
  readonly load: () => LoadOptions;
}

/** Finds the plugins and loads the YAML. Throws `ConfigurationError` with every fault. */
export async function readClient({ options, logs }: Foundation): Promise<Client> {
  const { file, environment, overrides } = options;
  const repository = options.repository ?? join(import.meta.dirname, '..', '..', '..', 'plugins');
  const paths = file === undefined ? [] : await readPluginPaths({ file, environment });
  const shelf = new PluginShelf({ repository, paths, log: logs.logger('core.host') });
  await shelf.look();
  const installed = (): InstalledPlugins => installedOf(shelf.plugins);
  const load = (): LoadOptions => ({
    environment,
    installed: installed(),
    ...(file === undefined ? {} : { file }),
    ...(overrides === undefined ? {} : { overrides }),
  });
  const initial = await loadConfiguration(load());
  applyLevels(logs, initial.value, installed());
  return { shelf, initial, installed, load };
}
