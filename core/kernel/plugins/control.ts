import type { Log } from '@orchestrall/sdk';
import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import type { LoadedConfiguration } from '../../config/load.ts';
import type { FlagRoom } from '../../flags/flags.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import type { Host } from '../../host/host.ts';
import { recordsChannel } from '../../host/store.ts';
import { pause } from '../../pause.ts';
import { Outage } from '../../resilience/outage.ts';
import { desiredOf, flagOf, flagsOfEnvironment, flagsOfYaml, installedOf } from './desired-plugins.ts';
import type { PluginShelf } from './shelf.ts';
import type { Stages } from '../stages.ts';

/** Pause before what replicas have changed is read again, when it could not be. */
const rereadPauseMs = 1_000;

/** What the desired state is derived from, and who is given it. */
export interface PluginControlOptions {
  readonly host: Host;
  readonly flags: FlagRoom;
  readonly database: Pick<DatabaseEngine, 'listen'>;
  readonly shelf: PluginShelf;
  /** The configuration in force. */
  readonly configuration: () => LoadedConfiguration;
  /** Called after plugins have come or gone: the configuration may mean more, or less, than before. */
  readonly onShelfChanged: () => Promise<void>;
  readonly log: Log;
}

/** Derives the desired state from shelf, flags and configuration, and gives it to the host. */
export class PluginControl {
  readonly #options: PluginControlOptions;
  /** The edit that is being taken over, if one is; settled once it is in force or refused. */
  #edit: PromiseWithResolvers<void> | undefined;

  constructor(options: PluginControlOptions) {
    this.#options = options;
  }

  get installed(): InstalledPlugins {
    return installedOf(this.#options.shelf.plugins);
  }

  /** Brings up every enabled plugin; resolves once each is active or has failed. */
  async start(stages: Stages): Promise<void> {
    const { host, flags, shelf, configuration, log } = this.#options;
    flags.declare(() => [...this.installed, ...host.list()].map(({ name }) => flagOf(name)));
    await flags.applyYaml(flagsOfYaml(configuration(), this.installed));
    await stages.start(
      'flag changes',
      () =>
        flags.onChange(() => {
          this.reconcile().catch((error: unknown) => {
            log.error({ error }, 'a change of a flag could not be followed');
          });
        }),
      (changes) => changes[Symbol.dispose](),
    );
    await stages.start(
      'rollbacks of replicas',
      async () => this.#followRecords(),
      async (following) => following[Symbol.asyncDispose](),
    );
    // After listening, so that no change comes between.
    await host.load();
    host.offer(shelf.plugins);
    await this.reconcile();
    await host.allSettled();
    await stages.start(
      'plugin folders',
      async () => {
        await shelf.watch(() => {
          this.#shelfChanged().catch((error: unknown) => {
            log.error({ error }, 'a change of the plugins at hand could not be applied');
          });
        });
        return shelf;
      },
      async (watched) => watched[Symbol.asyncDispose](),
    );
  }

  /** Looks for plugins and versions that have come or gone, at once. */
  async rescan(): Promise<void> {
    await this.#options.shelf.look();
    await this.#shelfChanged();
  }

  /**
   * Stores what an edit of the client's YAML says of flags; returns what then takes it over in one turn, to be called
   * once the edit is in force. Nothing is reconciled in between: flags would be new and sections old.
   */
  async apply(next: LoadedConfiguration): Promise<() => void> {
    const { flags } = this.#options;
    const edit = Promise.withResolvers<void>();
    this.#edit = edit;
    const end = (): void => {
      this.#edit = undefined;
      this.#reconcileNow();
      edit.resolve();
    };
    try {
      await flags.applyYaml(flagsOfYaml(next, this.installed));
    } catch (error) {
      end();
      throw error;
    }
    return () => {
      flags.applyEnvironment(flagsOfEnvironment(next, this.installed));
      end();
    };
  }

  /** Gives the host what is desired as of now; what an edit desires that is being taken over, once it is in force. */
  async reconcile(): Promise<void> {
    while (this.#edit !== undefined) await this.#edit.promise;
    this.#reconcileNow();
  }

  #reconcileNow(): void {
    const { host, flags, configuration } = this.#options;
    host.apply(desiredOf(configuration().value, this.installed, (flag) => flags.isEnabled(flag)));
  }

  /** Takes over what the host must remember as replicas change it, such as the hold of a rollback. */
  async #followRecords(): Promise<AsyncDisposable> {
    const { database, host, log } = this.#options;
    const ending = new AbortController();
    const { signal } = ending;
    let reading: Promise<void> | undefined;
    let isDue = false;
    const read = async (): Promise<void> => {
      const outage = new Outage({ firstPauseMs: rereadPauseMs });
      while (isDue && !signal.aborted) {
        isDue = false;
        try {
          await host.load();
          outage.passed();
        } catch (error) {
          isDue = true;
          const said = 'what replicas have changed of a plugin could not be read; it is tried again';
          outage.failed(() => log.error({ error }, said));
          await pause(outage.pauseMs, { signal });
        }
      }
      reading = undefined;
    };
    // One reading at a time; what is told meanwhile leads to one more.
    const follow = (): void => {
      isDue = true;
      reading ??= read();
    };
    const hearing = await database.listen(recordsChannel, follow, { onReconnect: follow });
    return {
      [Symbol.asyncDispose]: async () => {
        ending.abort();
        await hearing[Symbol.asyncDispose]();
        await reading;
      },
    };
  }

  async #shelfChanged(): Promise<void> {
    this.#options.host.offer(this.#options.shelf.plugins);
    await this.#options.onShelfChanged();
    await this.reconcile();
  }
}
