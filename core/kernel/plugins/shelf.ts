import { watch, type FSWatcher } from 'node:fs';
import type { Log } from '@orchestrall/sdk';
import { discover, type AvailablePlugin } from '../../host/packages/discover.ts';
import type { PackageFault } from '../../host/packages/faults.ts';

export interface PluginShelfOptions {
  /** Folder of the plugins that come with the product. */
  readonly repository: string;
  /** Absolute `plugins.paths` of the client's YAML. */
  readonly paths: readonly string[];
  readonly log: Log;
}

/** How long a folder must be quiet before it is looked at: a file is still being copied in. */
const quietMs = 200;

/** The plugins at hand, following what is put into or taken out of `plugins.paths`. */
export class PluginShelf implements Disposable {
  readonly #options: PluginShelfOptions;
  readonly #watchers: FSWatcher[] = [];
  #plugins: readonly AvailablePlugin[] = [];
  #faults: readonly PackageFault[] = [];
  #quiet: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: PluginShelfOptions) {
    this.#options = options;
  }

  /** Of each name the newest version first. */
  get plugins(): readonly AvailablePlugin[] {
    return this.#plugins;
  }

  /** What lies there and cannot be used as it is now, each with file and reason. */
  get faults(): readonly PackageFault[] {
    return this.#faults;
  }

  /** Looks at everything anew; faults that were not there before are logged. */
  async look(): Promise<void> {
    this.#looking = this.#looking.then(async () => this.#look());
    await this.#looking;
  }

  /** Calls back after each change below the paths, once it has been looked at. */
  watch(onChange: () => void): void {
    const changed = (): void => {
      clearTimeout(this.#quiet);
      this.#quiet = setTimeout(() => {
        this.look().then(onChange, (error: unknown) => {
          this.#options.log.error({ error }, 'the plugins at hand could not be looked at');
        });
      }, quietMs);
    };
    for (const path of this.#options.paths) {
      try {
        this.#watchers.push(watch(path, changed));
      } catch (error) {
        this.#options.log.warn({ error, path }, 'cannot be watched; reload a plugin to have it looked at');
      }
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#quiet);
    for (const watcher of this.#watchers) watcher.close();
  }

  async #look(): Promise<void> {
    const { repository, paths, log } = this.#options;
    const { plugins, faults } = await discover({ repository, paths });
    const known = new Set(this.#faults.map(({ file, path, message }) => `${file} ${path} ${message}`));
    for (const fault of faults) {
      if (known.has(`${fault.file} ${fault.path} ${fault.message}`)) continue;
      log.error({ ...fault }, `a plugin cannot be used: ${fault.message}`);
    }
    this.#plugins = plugins;
    this.#faults = faults;
  }
}
