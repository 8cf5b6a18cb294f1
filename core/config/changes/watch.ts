import { setTimeout as pause } from 'node:timers/promises';
import { difference } from './difference.ts';
import type { ConfigurationDifference } from './difference.ts';
import { ConfigurationError } from '../faults.ts';
import { FolderWatches } from './folder-watches.ts';
import { loadConfiguration } from '../load.ts';
import type { LoadedConfiguration, LoadOptions } from '../load.ts';
import { fingerprintOf } from './watched-folders.ts';

/** An edit that was accepted. */
export interface AppliedConfiguration {
  readonly previous: LoadedConfiguration;
  readonly next: LoadedConfiguration;
  /** Empty when an edit only took back one that had been rejected. */
  readonly differences: readonly ConfigurationDifference[];
}

/** What is watched and who is told. */
export interface WatchOptions extends LoadOptions {
  readonly file: string;
  /** What runs now. */
  readonly initial: LoadedConfiguration;
  /**
   * Told after each accepted edit, one at a time. What it throws rejects the edit, which is tried again with each look
   * at the files unless that is a `ConfigurationError`.
   */
  readonly onApplied: (applied: AppliedConfiguration) => void | Promise<void>;
  /** Told once per broken edit, with what stays; a `ConfigurationError` names all faults. Must not throw. */
  readonly onRejected: (error: Error, kept: LoadedConfiguration) => void | Promise<void>;
  /** How long the files must be quiet before they are read; default 15 ms. */
  readonly quietMs?: number;
  /** How long a broken file may take to become whole, since it may be half written; default 50 ms. */
  readonly settleMs?: number;
  /** How often the files are looked at without any sign of a change; default 2,000 ms. */
  readonly pollMs?: number;
}

/** A running watch; disposing it ends it and waits for the callback that runs. */
export interface ConfigurationWatcher extends AsyncDisposable {
  /** The last configuration that was accepted. */
  readonly current: LoadedConfiguration;
  /** Reads the files now, and resolves when the outcome has been told. */
  check(): Promise<void>;
}

/**
 * Watches a client's YAML, the `.env` beside it and the files behind `${file:...}`: edits in place, replacement by
 * rename, exchanged symbolic links. A broken edit keeps the last good configuration. Resolves once watching.
 */
export async function watchConfiguration(options: WatchOptions): Promise<ConfigurationWatcher> {
  const watcher = new Watcher(options);
  await watcher.check();
  return watcher;
}

class Watcher implements ConfigurationWatcher {
  current: LoadedConfiguration;
  readonly #options: WatchOptions;
  readonly #watches: FolderWatches;
  readonly #poll: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #files: readonly string[];
  #seen = '';
  /** Counts signs of a change, so that a reading knows whether another came while it ran. */
  #signs = 0;
  #rejection: string | undefined;
  /** The last edit was refused for a reason that is not in the files, so that it may pass while they stay as they are. */
  #mayPass = false;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.current = options.initial;
    this.#files = options.initial.files;
    this.#watches = new FolderWatches(() => this.#sign());
    this.#poll = setInterval(() => void this.#look(), options.pollMs ?? 2_000).unref();
  }

  check(): Promise<void> {
    const turn = this.#turn.then(() => (this.#closed ? undefined : this.#read()));
    // What a callback throws reaches the caller of this turn; the turns after it go on.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#quiet);
    this.#watches[Symbol.dispose]();
    await this.#turn;
    this.#watches[Symbol.dispose]();
  }

  #sign(): void {
    this.#signs += 1;
    if (this.#closed) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      void this.check();
    }, this.#options.quietMs ?? 15).unref();
  }

  async #look(): Promise<void> {
    const seen = await this.#fingerprint();
    // A reading that is due is not put off by looking.
    if (this.#quiet === undefined && (seen !== this.#seen || this.#mayPass)) this.#sign();
  }

  async #fingerprint(): Promise<string> {
    return (await Promise.all(this.#files.map(fingerprintOf))).join('\n');
  }

  async #read(): Promise<void> {
    const signs = this.#signs;
    await this.#watches.follow(this.#files);
    this.#seen = await this.#fingerprint();
    let outcome = await this.#load();
    if (outcome instanceof Error) {
      await pause(this.#options.settleMs ?? 50, undefined, { ref: false });
      // A sign in between means that the file is still being written: read again.
      if (this.#signs !== signs && !this.#closed) {
        await this.#read();
        return;
      }
      outcome = await this.#load();
    }
    if (outcome instanceof Error) await this.#reject(outcome);
    else await this.#accept(outcome);
    await this.#followAnew(outcome);
  }

  async #load(): Promise<LoadedConfiguration | Error> {
    try {
      return await loadConfiguration(this.#options);
    } catch (error) {
      return error instanceof Error
        ? error
        : new Error('the configuration cannot be loaded', { cause: error });
    }
  }

  async #accept(next: LoadedConfiguration): Promise<void> {
    const previous = this.current;
    const differences = difference(previous, next, this.#options.installed);
    const same = differences.length === 0 && sourcesOf(previous) === sourcesOf(next);
    if (same && this.#rejection === undefined) return;
    try {
      await this.#options.onApplied({ previous, next, differences });
    } catch (error) {
      const failure =
        error instanceof Error ? error : new Error('the configuration was not accepted', { cause: error });
      await this.#reject(failure);
      return;
    }
    this.current = next;
    this.#rejection = undefined;
    this.#mayPass = false;
  }

  async #reject(error: Error): Promise<void> {
    this.#mayPass = !(error instanceof ConfigurationError);
    if (this.#rejection === error.message) return;
    this.#rejection = error.message;
    await this.#options.onRejected(error, this.current);
  }

  /** The files may be others now, or have changed while they were read: both are signs, and the next reading follows them. */
  async #followAnew(outcome: LoadedConfiguration | Error): Promise<void> {
    const files =
      outcome instanceof ConfigurationError || !(outcome instanceof Error) ? outcome.files : this.#files;
    const before = this.#seen;
    const sameFiles = files.join('\n') === this.#files.join('\n');
    this.#files = files;
    if (this.#closed) return;
    this.#seen = await this.#fingerprint();
    if (!sameFiles || this.#seen !== before) this.#sign();
  }
}

function sourcesOf(loaded: LoadedConfiguration): string {
  return JSON.stringify([loaded.sources, loaded.inactive]);
}
