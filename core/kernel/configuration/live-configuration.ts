import type { Log, Secret } from '@orchestrall/sdk';
import { configRejected } from '../../bus/core-events.ts';
import type { BusEngine } from '../../bus/bus-engine.ts';
import { ConfigurationError, type Refusal } from '../../config/faults.ts';
import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import type { LoadedConfiguration, LoadOptions } from '../../config/load.ts';
import { hashOf } from '../../config/changes/hash.ts';
import { describeVersion, type DescribedVersion } from '../../config/changes/version.ts';
import { watchConfiguration, type ConfigurationWatcher } from '../../config/changes/watch.ts';
import { applyLive } from '../../config/changes/apply-live.ts';
import { masked } from '../../config/secrets/masked.ts';
import type { ConfigurationSource } from '../../http/system/configuration.ts';
import { pause } from '../../pause.ts';
import type { ConfigurationVersions, StoredVersion } from './versions.ts';

/** How the configuration is read, kept and told of. */
export interface LiveConfigurationOptions {
  /** How to load it, with the plugins that are installed now. */
  readonly load: () => LoadOptions;
  readonly initial: LoadedConfiguration;
  readonly installed: () => InstalledPlugins;
  readonly versions: Pick<ConfigurationVersions, 'keep' | 'list'>;
  readonly bus: Pick<BusEngine, 'emitFromCore'>;
  readonly log: Log;
  readonly now: () => Date;
  /** Key under which secrets enter hash and snapshot of a version. */
  readonly hashKey: Secret;
  /** First pause before a version that could not be kept is tried again, doubled up to a minute; default 1,000 ms. */
  readonly keepPauseMs?: number;
}

/**
 * Does of an edit what can fail, and returns what then brings everything that can change live in line with it in one
 * turn and cannot; what it throws rejects the edit.
 */
export type ApplyEdit = (next: LoadedConfiguration) => Promise<() => void>;

const longestPauseMs = 60_000;

/** Why the last edit was refused, for health. */
export interface Rejection {
  readonly at: Date;
  readonly faults: readonly Refusal[];
}

/** The configuration in force, following the client's YAML; a broken edit keeps the last good one. */
export class LiveConfiguration implements AsyncDisposable {
  readonly #options: LiveConfigurationOptions;
  #watcher: ConfigurationWatcher | undefined;
  #current: LoadedConfiguration;
  #waiting: readonly string[] = [];
  #rejection: Rejection | undefined;
  /** The last version that is being kept: one after the other, in the order in which they came into force. */
  #keeping: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();

  constructor(options: LiveConfigurationOptions) {
    this.#options = options;
    this.#current = options.initial;
  }

  get current(): LoadedConfiguration {
    return this.#current;
  }

  /** Paths that were edited and take effect with the next start. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  /** Hash of the configuration in force. */
  get hash(): string {
    return hashOf(this.#current, this.#options.hashKey);
  }

  get rejection(): Rejection | undefined {
    return this.#rejection;
  }

  /** Versions that have been in force, newest first. */
  async versions(page: { readonly before?: number; readonly limit: number }): Promise<StoredVersion[]> {
    return this.#options.versions.list(page);
  }

  /**
   * Keeps what is in force as a version, unless it is the last one still, and begins to watch, where there is a file,
   * giving each edit to `apply`.
   */
  async start(apply: ApplyEdit): Promise<void> {
    await this.#keep(this.#describe(this.#current));
    this.#tellWithoutEffect(this.#current);
    const { load } = this.#options;
    const { file } = load();
    if (file === undefined) return;
    this.#watcher = await watchConfiguration({
      ...load(),
      // Plugins come and go while the file is watched.
      get installed() {
        return load().installed;
      },
      file,
      initial: this.#current,
      onApplied: async ({ next }) => this.#applied(apply, next),
      onRejected: async (error) => this.#rejected(error, file),
    });
  }

  /** Reads the file now; for when what may stand in it has changed. */
  async check(): Promise<void> {
    await this.#watcher?.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher?.[Symbol.asyncDispose]();
    this.#ending.abort();
    await this.#keeping;
  }

  async #applied(apply: ApplyEdit, next: LoadedConfiguration): Promise<void> {
    const live = applyLive(this.#current, next, this.#options.installed());
    const putInForce = await apply(live);
    this.#current = live;
    this.#rejection = undefined;
    putInForce();
    const described = this.#describe(next);
    this.#keeping = this.#keeping.then(async () => this.#keepUntilKept(described));
    this.#tellWithoutEffect(next);
  }

  #describe(next: LoadedConfiguration): DescribedVersion {
    const { initial: started, now, hashKey } = this.#options;
    const installed = this.#options.installed();
    const described = describeVersion({ started, next, appliedAt: now(), hashKey, installed });
    this.#waiting = described.waiting;
    return described;
  }

  async #keep(described: DescribedVersion): Promise<void> {
    const { versions, installed, log } = this.#options;
    const { hash, waiting } = described;
    const version = await versions.keep(described, installed());
    log.info({ version, hash, waiting }, 'configuration in force');
  }

  /** The configuration is in force whether or not its version can be written down now. */
  async #keepUntilKept(described: DescribedVersion): Promise<void> {
    const { signal } = this.#ending;
    let pauseMs = this.#options.keepPauseMs ?? 1_000;
    for (;;) {
      try {
        await this.#keep(described);
        return;
      } catch (error) {
        const said = 'the configuration in force could not be kept as a version; it is tried again';
        this.#options.log.warn({ error, hash: described.hash, pause_ms: pauseMs }, said);
      }
      if (signal.aborted) return;
      await pause(pauseMs, { signal });
      if (signal.aborted) return;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** What a person who wrote the file may wonder about: capabilities that it does not switch on, and keys for none. */
  #tellWithoutEffect({ file, sources, inactive }: LoadedConfiguration): void {
    const features = Object.entries(sources)
      .filter(([, source]) => source.decidedBy === 'default' && !source.default)
      .map(([feature]) => feature);
    const { log } = this.#options;
    if (features.length > 0) {
      const said = 'the file does not name these features: each is off unless the API has switched it on';
      log.info({ file, features }, said);
    }
    if (inactive.length > 0) log.info({ file, inactive }, 'these keys have no effect');
  }

  async #rejected(error: Error, file: string): Promise<void> {
    const faults =
      error instanceof ConfigurationError ? error.faults : [{ path: '', message: error.message }];
    this.#rejection = { at: this.#options.now(), faults };
    this.#options.log.error(
      { file, faults },
      'the edit was refused; the last good configuration stays in force',
    );
    const data = { file, faults: faults.map(({ path, message }) => ({ path, message })) };
    try {
      await this.#options.bus.emitFromCore(configRejected, data);
    } catch (failure) {
      this.#options.log.warn({ error: failure }, 'config.rejected could not be stored');
    }
  }
}

/** The configuration as the system API shows it: secrets masked. */
export function configurationSource(live: LiveConfiguration): ConfigurationSource {
  return {
    effective() {
      const { value, secrets, file, inactive } = live.current;
      const { hash, waiting, rejection } = live;
      return { configuration: masked(value, secrets), hash, file, waiting, inactive, rejected: rejection };
    },
    versions: async (page) => live.versions(page),
  };
}
