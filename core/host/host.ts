import type { Log } from '@orchestrall/sdk';
import { gt, lt } from 'semver';
import { coreError } from '../errors.ts';
import { buildGeneration, type BuildOptions } from './build.ts';
import type { UncaughtFault } from './generation/containment.ts';
import { emptyRecord, type Desired, type PluginRecord, type VersionHold } from './desired.ts';
import type { AvailablePlugin } from './packages/discover.ts';
import { planPlugins } from './plan.ts';
import { recall, remember, servedBy } from './remember.ts';
import { Reconciler, type ReconcilerOptions } from './reconciler.ts';
import { Reloads } from './reloads.ts';
import type { Settlement } from './settlements.ts';
import { Slot } from './slot.ts';
import { viewOf, type PluginView } from './view.ts';

/** What the host stands on. */
export interface HostOptions
  extends
    BuildOptions,
    Pick<ReconcilerOptions, 'clock' | 'events' | 'publish' | 'drainDeadlineMs' | 'retryMs'> {
  readonly log: Log;
  /** Version of the core, for the engine ranges of manifests. */
  readonly engineVersion: string;
}

/** The plugin host: told what is at hand and what is desired, it keeps exactly that running. */
export class Host {
  readonly #options: HostOptions;
  readonly #reconciler: Reconciler;
  readonly #reloads: Reloads;
  #knowsDesired = false;

  constructor(options: HostOptions) {
    this.#options = options;
    const { clock, events, publish, drainDeadlineMs, retryMs } = options;
    this.#reconciler = new Reconciler({
      clock,
      events,
      publish,
      drainDeadlineMs,
      retryMs,
      plan: (slots) => planPlugins(slots, options.engineVersion),
      build: async (slot) =>
        this.#reloads.build(slot, async () =>
          buildGeneration(options, slot, async (reason) => this.#reloads.ask(slot, reason)),
        ),
      remember: (slot) => {
        // The switch stands whether or not it can be written down.
        remember(options.store, slot, servedBy(slot.current?.version)).catch((error: unknown) => {
          options.log.error({ error, plugin: slot.name }, 'the version that serves could not be recorded');
        });
      },
    });
    const { store, log } = options;
    this.#reloads = new Reloads({ store, log, reconciler: this.#reconciler });
  }

  /** Reads what earlier runs left behind and replicas have changed; before anything else, and after each change. */
  async load(): Promise<void> {
    await recall(this.#options.store, this.#reconciler.slots.values(), (record) => {
      this.#slot(record.name).record = record;
    });
    if (this.#knowsDesired) this.#reconciler.pass();
  }

  /** Replaces the set of versions at hand, as discovery found them; reconciles once a desired state is known. */
  offer(available: readonly AvailablePlugin[]): void {
    for (const slot of this.#reconciler.slots.values()) slot.available.clear();
    for (const plugin of available) {
      this.#slot(plugin.manifest.name).available.set(plugin.manifest.version, plugin);
    }
    if (this.#knowsDesired) this.#reconciler.pass();
  }

  /** Makes this the desired state. Await `switched` or `allSettled` for the effect. */
  apply(desired: Desired): void {
    for (const slot of this.#reconciler.slots.values()) {
      const wish = desired.get(slot.name) ?? { enabled: false, provider: undefined, config: {} };
      if (wish.enabled && !slot.desired.enabled) slot.forgive();
      slot.desired = wish;
    }
    this.#knowsDesired = true;
    this.#reconciler.pass();
  }

  list(): PluginView[] {
    const known = [...this.#reconciler.slots.values()].filter(isKnown);
    return known.map(viewOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `PLUGIN_NOT_FOUND`. */
  get(name: string): PluginView {
    return viewOf(this.#known(name));
  }

  /**
   * Resolves once the plugin is on, or off, as applied before, or has failed to become it; or once it shall no longer be.
   * Throws `PLUGIN_NOT_FOUND`.
   */
  async switched(name: string, enabled: boolean): Promise<Settlement> {
    return this.#reconciler.settled(this.#known(name), enabled);
  }

  /** Resolves once no old generation of the plugin is left and none is being built. Throws `PLUGIN_NOT_FOUND`. */
  async drained(name: string): Promise<void> {
    const slot = this.#known(name);
    await slot.change;
    await Promise.all(slot.draining.values());
  }

  /** Resolves once every plugin is what is desired, or has failed to become it. */
  async allSettled(): Promise<void> {
    for (const slot of this.#reconciler.slots.values()) {
      // What is wished may change meanwhile.
      while ((await this.#reconciler.settled(slot)).isSuperseded);
    }
  }

  /** Builds the plugin anew, a packed one from its file as it is now, and switches to it without a gap. */
  async reload(name: string): Promise<Settlement> {
    const slot = this.#known(name);
    slot.reloads += 1;
    slot.forgive();
    this.#reconciler.pass();
    return this.#reconciler.settled(slot);
  }

  /**
   * Goes back to the version that served before and stays there until something newer than today's arrives.
   * Throws `ROLLBACK_IMPOSSIBLE` when that version is not at hand, and `ROLLBACK_REFUSED` when it is below the
   * floor of the migrations applied meanwhile.
   */
  async rollback(name: string): Promise<Settlement> {
    const slot = this.#known(name);
    await remember(this.#options.store, slot, (record) => ({ hold: holdOf(slot, record) }));
    slot.forgive();
    this.#reconciler.pass();
    return this.#reconciler.settled(slot);
  }

  /**
   * Runs work that needs the plugin to be off with nothing of it left. The host does nothing with it meanwhile: a wish
   * to have it on is brought about afterwards. Throws `PLUGIN_NOT_FOUND`, `PLUGIN_NOT_OFF` and what the work throws.
   */
  async whileOff(name: string, work: () => Promise<void>): Promise<void> {
    const slot = this.#known(name);
    const { desired, draining, isBusy, state } = slot;
    if (desired.enabled || state !== 'off' || draining.size > 0 || isBusy) {
      const being = state === 'off' ? 'being changed' : state;
      throw coreError('PLUGIN_NOT_OFF', { plugin: name, state: draining.size > 0 ? 'draining' : being });
    }
    await this.#reconciler.exclusively(slot, work);
  }

  /** Forgets the versions a plugin has run, after its data are gone. Throws `PLUGIN_NOT_FOUND`. */
  async forget(name: string): Promise<void> {
    const slot = this.#known(name);
    await remember(this.#options.store, slot, () => emptyRecord(name));
  }

  /**
   * Whose code threw an error outside its scope, as in a listener it put on a connection of the core: the plugin in whose
   * folder or file the innermost frame lies that is not of Node.
   */
  throwerOf(
    error: unknown,
  ): { readonly plugin: string; readonly generation: number | undefined } | undefined {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const frame = stack.split('\n').find((line) => /^\s+at (?!.*\(?node:)/.test(line));
    if (frame === undefined) return undefined;
    for (const [plugin, { available, current }] of this.#reconciler.slots) {
      const paths = [...available.values()].map(({ origin }) => `${origin.path}/`);
      if (paths.some((path) => frame.includes(path))) return { plugin, generation: current?.generation };
    }
    return undefined;
  }

  /** Takes note of an error that no code caught: the plugin whose scope it was thrown in fails and is retried. */
  report(fault: UncaughtFault & { readonly plugin: string }): void {
    const { plugin, generation, error } = fault;
    this.#options.log.error({ error, plugin, generation }, `uncaught ${fault.kind} in the plugin ${plugin}`);
    const slot = this.#reconciler.slots.get(plugin);
    if (slot?.current !== undefined && slot.current.generation === generation) {
      this.#reconciler.fault(slot, error);
    }
  }

  /** Switches everything off, consumers first, and waits until all of it has drained. */
  async stop(): Promise<void> {
    await this.#reconciler.stop();
  }

  #slot(name: string): Slot {
    let slot = this.#reconciler.slots.get(name);
    if (slot === undefined) {
      slot = new Slot(name, this.#options.clock.now());
      this.#reconciler.slots.set(name, slot);
    }
    return slot;
  }

  #known(name: string): Slot {
    const slot = this.#reconciler.slots.get(name);
    if (slot === undefined || !isKnown(slot)) throw coreError('PLUGIN_NOT_FOUND', { plugin: name });
    return slot;
  }
}

/** What a rollback of the plugin leaves behind, by its record as every replica has left it. */
function holdOf(slot: Slot, { previousVersion, rollbackFloor, highestVersion }: PluginRecord): VersionHold {
  const plugin = slot.name;
  const present = slot.current?.version ?? slot.targetVersion;
  const isKnownToGoBackTo = previousVersion !== undefined && slot.available.has(previousVersion);
  if (!isKnownToGoBackTo || present === undefined || present === previousVersion) {
    throw coreError('ROLLBACK_IMPOSSIBLE', { plugin });
  }
  if (rollbackFloor !== undefined && lt(previousVersion, rollbackFloor)) {
    throw coreError('ROLLBACK_REFUSED', { plugin, version: previousVersion, floor: rollbackFloor });
  }
  const above = highestVersion !== undefined && gt(highestVersion, present) ? highestVersion : present;
  return { version: previousVersion, above };
}

function isKnown(slot: Slot): boolean {
  return slot.available.size > 0 || slot.current !== undefined;
}
