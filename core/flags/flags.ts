import type { Flags, Log } from '@orchestrall/sdk';
import { nearestNames } from '../config/validation/nearest.ts';
import { coreError } from '../errors.ts';
import type { DatabaseEngine } from '../database/engine.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import { pause } from '../pause.ts';
import { decide, type Decision, type FlagSources } from './decide.ts';
import { isFlagName, KnownFlags } from './known.ts';
import { flagChannel, FlagStore, type Decided, type StoredFlag } from './store.ts';

/** Where flags are kept, and what overrides them. */
export interface FlagsOptions {
  readonly database: Pick<DatabaseEngine, 'core' | 'listen'>;
  /** Overrides by environment variables, by flag name. */
  readonly environment: ReadonlyMap<string, { readonly enabled: boolean; readonly variable: string }>;
  readonly log: Log;
}

/** A flag with everything that bears on it. */
export interface ExplainedFlag extends Decision {
  readonly name: string;
  readonly sources: FlagSources;
}

/** Pauses before a read that failed is tried again, doubled each time. */
const shortestPauseMs = 250;
const longestPauseMs = 5_000;

type Listener = (name: string, enabled: boolean) => void;

/** What is on: a copy of the flag table in memory, kept equal by notifications, with the environment's overrides. */
export class FlagRoom implements AsyncDisposable {
  readonly #options: FlagsOptions;
  readonly #store: FlagStore;
  readonly #listeners = new Set<Listener>();
  readonly #known = new KnownFlags();
  #stored = new Map<string, StoredFlag>();
  #environment: FlagsOptions['environment'];
  #subscription: AsyncDisposable | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #retrying = false;
  readonly #ending = new AbortController();

  constructor(options: FlagsOptions) {
    this.#options = options;
    this.#store = new FlagStore(options.database.core());
    this.#environment = options.environment;
  }

  /** Reads the table and follows its changes from then on. */
  async start(): Promise<void> {
    const follow = (): void => void this.#follow(shortestPauseMs);
    this.#subscription = await this.#options.database.listen(flagChannel, follow, { onReconnect: follow });
    await this.#refresh();
  }

  /** Names the flags that exist though nothing may have set them, such as `plugin.<name>` of every plugin at hand. */
  declare(names: () => Iterable<string>): void {
    this.#known.declare(names);
  }

  /** Takes over the features of the client's YAML, by flag name. */
  async applyYaml(values: ReadonlyMap<string, boolean>): Promise<void> {
    await this.#store.applyYaml(values, this.#decided);
    await this.#refresh();
  }

  /** Takes over what the environment's variables override now, by flag name: a `.env` beside the YAML may change. */
  applyEnvironment(values: FlagsOptions['environment']): void {
    const before = this.#environment;
    this.#environment = values;
    for (const name of new Set([...before.keys(), ...values.keys()]))
      this.#tell(name, { ...this.#stored.get(name), environment: before.get(name) });
  }

  /**
   * Sets a flag for good. Throws `FLAG_NAME_INVALID`, `FLAG_NOT_FOUND` for a name that nobody declares, asks for or
   * has set, and `FLAG_OVERRIDDEN` while a higher source decides.
   */
  async set(name: string, enabled: boolean): Promise<ExplainedFlag> {
    this.#assertSettable(name, enabled);
    await this.#store.set(name, enabled);
    await this.#refresh();
    return this.explain(name);
  }

  /**
   * Takes back what `set` has set, so that the YAML or the environment decides again; nothing happens where nothing
   * was set. Throws `FLAG_NOT_FOUND`.
   */
  async withdraw(name: string): Promise<ExplainedFlag> {
    this.#assertKnown(name);
    await this.#store.withdraw(name, this.#decided);
    await this.#refresh();
    return this.explain(name);
  }

  /**
   * Pulls or releases the kill switch: while pulled the flag is off whatever else says. Throws `FLAG_NAME_INVALID` and
   * `FLAG_NOT_FOUND`.
   */
  async kill(name: string, killed: boolean): Promise<ExplainedFlag> {
    this.#assertNamed(name);
    await this.#store.kill(name, killed);
    await this.#refresh();
    return this.explain(name);
  }

  /** Reads the table now, for who cannot wait for the word of another replica's change. */
  async reread(): Promise<void> {
    await this.#refresh();
  }

  /** Whether a flag is on; `fallback` where nobody decides, by default what a plugin asked with last, else false. */
  isEnabled(name: string, fallback = this.#known.fallbackOf(name)): boolean {
    return decide(this.#sources(name), fallback).enabled;
  }

  /** Every source with its instant, and which one decided. */
  explain(name: string): ExplainedFlag {
    const sources = this.#sources(name);
    return { name, ...decide(sources, this.#known.fallbackOf(name)), sources };
  }

  /** As `explain`; throws `FLAG_NOT_FOUND` with the names most like it for one that nothing knows. */
  find(name: string): ExplainedFlag {
    this.#assertKnown(name);
    return this.explain(name);
  }

  /** All flags that are declared, asked for by a plugin, or have a value, by name. */
  list(): ExplainedFlag[] {
    return [...this.#names()].toSorted().map((name) => this.explain(name));
  }

  /** Calls back after each change of a flag's value, on every replica. */
  onChange(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The flags of one generation's context; its watches are called while it is active, an error of one is logged. */
  forPlugin(owner: Owner): Registration<Flags> {
    const watches: { readonly name: string; readonly listener: (enabled: boolean) => void }[] = [];
    let active = false;
    const subscription = this.onChange((name, enabled) => {
      if (!active) return;
      for (const watch of watches) {
        if (watch.name !== name) continue;
        owner
          .run('listener', async () => watch.listener(enabled))
          .catch((error: unknown) => {
            this.#options.log.error({ error, plugin: owner.plugin, flag: name }, 'a flag listener threw');
          });
      }
    });
    return {
      api: {
        isEnabled: (name, fallback) => {
          this.#known.ask(name, fallback);
          return this.isEnabled(name, fallback);
        },
        watch: (name, listener) => {
          this.#known.ask(name);
          watches.push({ name, listener });
        },
      },
      prepare: async () => {},
      activate: () => void (active = true),
      deactivate: () => void (active = false),
      [Symbol.asyncDispose]: async () => subscription[Symbol.dispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#subscription?.[Symbol.asyncDispose]();
    this.#listeners.clear();
  }

  #sources(name: string): FlagSources {
    return { ...this.#stored.get(name), environment: this.#environment.get(name) };
  }

  readonly #decided: Decided = (name, stored) => {
    const sources = { ...stored, environment: this.#environment.get(name) };
    return decide(sources, this.#known.fallbackOf(name)).enabled;
  };

  #names(): Set<string> {
    const names = this.#known.names();
    for (const name of this.#stored.keys()) names.add(name);
    for (const name of this.#environment.keys()) names.add(name);
    return names;
  }

  #assertKnown(name: string): void {
    const names = this.#names();
    if (!names.has(name)) throw coreError('FLAG_NOT_FOUND', { name, nearest: nearestNames(name, names) });
  }

  #assertNamed(name: string): void {
    if (!isFlagName(name)) throw coreError('FLAG_NAME_INVALID', { name });
    this.#assertKnown(name);
  }

  #assertSettable(name: string, enabled: boolean): void {
    this.#assertNamed(name);
    const { decidedBy, sources } = this.explain(name);
    if (decidedBy === 'kill_switch' && enabled) {
      throw coreError('FLAG_OVERRIDDEN', { name, source: 'the kill switch' });
    }
    if (decidedBy === 'environment' && sources.environment?.enabled !== enabled) {
      const variable = sources.environment?.variable ?? '';
      throw coreError('FLAG_OVERRIDDEN', { name, source: `the environment variable ${variable}` });
    }
  }

  /** One read at a time; a change that comes during one is followed by another. */
  async #refresh(): Promise<void> {
    this.#readAgain = true;
    this.#reading ??= this.#readUntilQuiet();
    await this.#reading;
  }

  async #readUntilQuiet(): Promise<void> {
    try {
      while (this.#readAgain) {
        this.#readAgain = false;
        await this.#read();
      }
    } finally {
      // In the same turn as the last look above: a change that comes later begins a read of its own.
      this.#reading = undefined;
    }
  }

  async #read(): Promise<void> {
    const before = this.#stored;
    this.#stored = await this.#store.load();
    const names = new Set([...before.keys(), ...this.#stored.keys()]);
    for (const name of names)
      this.#tell(name, { ...before.get(name), environment: this.#environment.get(name) });
  }

  /** Reads what a notification told of, until it is read: a kill switch that was pulled must not be missed. */
  async #follow(pauseMs: number): Promise<void> {
    if (this.#retrying) return;
    try {
      await this.#refresh();
    } catch (error) {
      const { signal } = this.#ending;
      if (this.#retrying || signal.aborted) return;
      this.#retrying = true;
      this.#options.log.error({ error, pause_ms: pauseMs }, 'flags could not be read after a change');
      await pause(pauseMs, { signal });
      this.#retrying = false;
      if (!signal.aborted) await this.#follow(Math.min(pauseMs * 2, longestPauseMs));
    }
  }

  #tell(name: string, before: FlagSources): void {
    const was = decide(before, this.#known.fallbackOf(name)).enabled;
    const is = this.isEnabled(name);
    if (was === is) return;
    for (const listener of this.#listeners) listener(name, is);
  }
}
