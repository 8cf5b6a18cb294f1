import type { Log } from '@orchestrall/sdk';
import { FolderWatches } from '../../config/changes/folder-watches.ts';
import { discover, type AvailablePlugin } from '../../host/packages/discover.ts';
import type { PackageFault } from '../../host/packages/faults.ts';
import { extentOf, fingerprintOfExtent } from './shelf-extent.ts';

/** Where the plugins at hand lie. */
export interface PluginShelfOptions {
  /** Folder of the plugins that come with the product. */
  readonly repository: string;
  /** Absolute `plugins.paths` of the client's YAML. */
  readonly paths: readonly string[];
  readonly log: Log;
  /** How long what is written all the time, such as a log beside a plugin, can put a look off; default 10,000 ms. */
  readonly longestQuietMs?: number;
}

/** How long a folder must be quiet before it is looked at: a file is still being copied in. */
const quietMs = 200;

/** How often it is looked whether anything has changed of which no watch has told. */
const pollMs = 2_000;

/**
 * The plugins at hand, following what is put into, exchanged in or taken out of `plugins.paths`, also through symbolic
 * links.
 */
export class PluginShelf implements AsyncDisposable {
  readonly #options: PluginShelfOptions;
  #watches: FolderWatches | undefined;
  #poll: NodeJS.Timeout | undefined;
  #seen = '';
  #plugins: readonly AvailablePlugin[] = [];
  #faults: readonly PackageFault[] = [];
  #quiet: NodeJS.Timeout | undefined;
  /** When the change was seen that waits for a look; on the monotonic clock, milliseconds. */
  #changedAtMs: number | undefined;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

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
    await this.#inTurn(async () => this.#look());
  }

  /** Calls back after each change since the last look, once it has been looked at. Resolves once watching. */
  async watch(onChange: () => void): Promise<void> {
    const { paths, longestQuietMs = 10_000 } = this.#options;
    if (paths.length === 0) return;
    const changed = (): void => {
      if (this.#closed) return;
      clearTimeout(this.#quiet);
      const nowMs = performance.now();
      this.#changedAtMs ??= nowMs;
      const leftMs = this.#changedAtMs + longestQuietMs - nowMs;
      this.#quiet = setTimeout(
        () => {
          this.#changedAtMs = undefined;
          this.look().then(onChange, (error: unknown) => {
            this.#options.log.error({ error }, 'the plugins at hand could not be looked at');
          });
        },
        Math.max(0, Math.min(quietMs, leftMs)),
      );
    };
    const compare = async (): Promise<void> => {
      const seen = this.#seen;
      const now = await fingerprintOfExtent(await extentOf(paths));
      // A look in between has seen it already.
      if (now !== seen && seen === this.#seen) changed();
    };
    this.#watches = new FolderWatches(changed);
    await this.#inTurn(async () => this.#follow());
    this.#poll = setInterval(() => void compare(), pollMs).unref();
    await compare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    await this.#looking;
    this.#watches?.[Symbol.dispose]();
  }

  /** One at a time; who asked hears of a failure, and those after it go on. */
  async #inTurn(work: () => Promise<unknown>): Promise<void> {
    const turn = this.#looking.then(work);
    this.#looking = turn.then(
      () => undefined,
      () => undefined,
    );
    await turn;
  }

  /** Watches as far as the paths reach now; returns the fingerprint of that. */
  async #follow(): Promise<string> {
    const extent = await extentOf(this.#options.paths);
    const fingerprint = await fingerprintOfExtent(extent);
    await this.#watches?.follow(extent.files, extent.folders);
    return fingerprint;
  }

  async #look(): Promise<void> {
    const { repository, paths, log } = this.#options;
    this.#seen = await this.#follow();
    const { plugins, faults } = await discover({ repository, paths });
    const known = new Set(this.#faults.map(({ file, path, message }) => `${file} ${path} ${message}`));
    for (const fault of faults) {
      if (known.has(`${fault.file} ${fault.path} ${fault.message}`)) continue;
      const { message, ...where } = fault;
      log.error(where, `a plugin cannot be used: ${message}`);
    }
    this.#plugins = plugins;
    this.#faults = faults;
  }
}
