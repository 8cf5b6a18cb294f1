import type { HealthResult, PluginDefinition } from '@orchestrall/sdk';
import type { Static, TObject } from 'typebox';
import type { GatewayTarget } from '../../http/gateway/prefix-table.ts';
import type { RouteRecord } from '../../http/pipeline/route-record.ts';
import type { Child } from '../../http/pipeline/child.ts';
import { OpenResponses } from './open-responses.ts';
import { coreError } from '../../errors.ts';
import type { Owner, WorkKind } from '../../telemetry/owner.ts';
import { withoutScope, withScope } from '../../telemetry/scope.ts';
import { Activity, type WorkCounts } from './activity.ts';
import { buildContext, type BuiltContext } from './context.ts';
import { Effects, type EffectFault } from './effects.ts';
import type { Leak, LeakTracker } from './leaks.ts';
import type { PluginPackage } from '../packages/package.ts';
import type { Rooms } from './rooms.ts';
import type { ServiceHub } from './services.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { OwnedTimers } from './timers.ts';

/** What one generation is made of. */
export interface GenerationOptions {
  readonly loaded: PluginPackage;
  readonly generation: number;
  readonly provider: string;
  /** The plugin's section of the client's YAML, validated, defaults filled in. */
  readonly config: Static<TObject>;
  readonly rooms: Rooms;
  readonly services: ServiceHub;
  readonly leaks: LeakTracker;
  readonly fetch: typeof globalThis.fetch;
  /** Longest run of `setup`. */
  readonly setupLimitMs: number;
  /** Asks the host for the generation after this one. */
  readonly reload: (reason: string) => Promise<void>;
}

/** How a generation ended. */
export interface DrainReport {
  readonly plugin: string;
  readonly version: string;
  readonly generation: number;
  readonly durationMs: number;
  /** Requests and streams that were ended because they outlived the deadline. */
  readonly cut: number;
  /** All work that outlived the deadline; what cannot be ended goes on without what the context had given it. */
  readonly outlived: WorkCounts;
  readonly faults: readonly EffectFault[];
  readonly leaks: readonly Leak[];
}

const undoLimitMs = 5_000;

/**
 * One loaded instance of a plugin version. `prepare` builds it beside whatever serves now; `activate` and
 * `deactivate` are synchronous and may be repeated, so that a switch, and a switch back, is one step; `drain`
 * ends it for good.
 */
export class Generation implements Owner {
  readonly plugin: string;
  readonly version: string;
  readonly generation: number;
  readonly definition: PluginDefinition;
  readonly activity = new Activity();
  readonly #options: GenerationOptions;
  readonly #effects = new Effects();
  readonly #draining = new AbortController();
  readonly #disposed = new AbortController();
  readonly #timers: OwnedTimers;
  #child: Child | undefined;
  #responses: OpenResponses | undefined;
  #built: BuiltContext | undefined;
  #service: object | undefined;
  #hasServed = false;

  /** Builds a generation up to the point where one synchronous step makes it live; undoes everything when it fails. */
  static async prepare(options: GenerationOptions): Promise<Generation> {
    const generation = new Generation(options);
    try {
      await generation.#build();
    } catch (error) {
      await generation.drain(0);
      throw error;
    }
    return generation;
  }

  private constructor(options: GenerationOptions) {
    this.#options = options;
    this.definition = options.loaded.definition;
    this.plugin = this.definition.name;
    this.version = this.definition.version;
    this.generation = options.generation;
    const log = options.rooms.log(this);
    this.#timers = new OwnedTimers({
      owner: this,
      onError: (error) => this.scoped(() => log.error({ error }, 'a timer of the plugin threw')),
    });
  }

  async run<Result>(kind: WorkKind, work: () => Promise<Result>): Promise<Result> {
    this.activity.begin(kind);
    try {
      return await this.scoped(work);
    } finally {
      this.activity.end(kind);
    }
  }

  /** Runs work in this generation's scope, so that errors, handles and log lines are attributed to it. */
  scoped<Result>(work: () => Result): Result {
    return withScope({ plugin: this.plugin, generation: this.generation }, work);
  }

  /** Where the gateway sends the requests below its prefixes. */
  get target(): GatewayTarget {
    if (this.#responses === undefined) throw new TypeError('the generation has not been built');
    return this.#responses;
  }

  /** The routes it serves, for the API's description. */
  get routes(): readonly RouteRecord[] {
    return this.#child?.routes ?? [];
  }

  activate(): void {
    this.#hasServed = true;
    for (const registration of this.#built?.registrations ?? []) registration.activate();
    this.#timers.activate();
    const { provides } = this.definition;
    if (provides !== undefined && this.#service !== undefined) {
      this.#options.services.publish(provides.name, {
        owner: this,
        contractVersion: provides.version,
        service: this.#service,
      });
    }
  }

  deactivate(): void {
    for (const registration of this.#built?.registrations ?? []) registration.deactivate();
    this.#timers.deactivate();
    if (this.definition.provides !== undefined) {
      this.#options.services.close(this.definition.provides.name, this);
    }
  }

  /** The worst of its health checks, each within its own time limit. */
  async check(): Promise<HealthResult> {
    return this.#built?.health.check() ?? { status: 'healthy' };
  }

  /** Waits for what is in flight, cuts what outlives the deadline, undoes every effect and looks for leaks. */
  async drain(deadlineMs: number): Promise<DrainReport> {
    const startedAt = this.#options.rooms.clock.monotonicMs();
    this.deactivate();
    // What the plugin listens with may throw, and that must be its own fault.
    this.scoped(() => this.#draining.abort(new Error('the generation is draining')));
    this.#child?.streams.endAll('server_shutdown');
    const reachedZero = await this.activity.idle(deadlineMs);
    const outlived = reachedZero ? {} : this.activity.inFlight;
    const cut = reachedZero ? 0 : this.#cut();
    this.scoped(() => this.#disposed.abort(new Error('the generation has ended')));
    if (this.definition.provides !== undefined) {
      this.#options.services.withdraw(this.definition.provides.name, this);
    }
    const faults = await this.#effects.undo(undoLimitMs);
    const leaks = await this.#lookForLeaks();
    this.#options.loaded.unload();
    return {
      plugin: this.plugin,
      version: this.version,
      generation: this.generation,
      durationMs: this.#options.rooms.clock.monotonicMs() - startedAt,
      cut,
      outlived,
      faults,
      leaks,
    };
  }

  async #build(): Promise<void> {
    const { loaded, rooms, setupLimitMs, services, provider, config, fetch } = this.#options;
    const child = await rooms.createChild({
      plugin: { name: this.plugin, generation: this.generation },
      prefixes: this.definition.prefixes ?? [],
      activity: this.activity,
    });
    this.#child = child;
    this.#responses = new OpenResponses(child.target);
    this.#effects.defer('http', async () => child.instance.close());
    const built = buildContext({
      owner: this,
      definition: this.definition,
      provider,
      config,
      rooms,
      services,
      fetch,
      instance: child.instance,
      timers: this.#timers,
      effects: this.#effects,
      draining: this.#draining.signal,
      disposed: this.#disposed.signal,
      scoped: (work) => this.scoped(work),
      reload: async (reason) => this.#reload(reason),
    });
    this.#built = built;
    const result = await withTimeLimit(setupLimitMs, `setup took longer than ${setupLimitMs} ms`, async () =>
      this.run('call', async () => this.definition.setup(built.context)),
    );
    this.#service = offeredService(this.definition, result);
    for (const dependencies of built.routes) {
      await this.scoped(async () => loaded.registerRoutes(child.instance, dependencies));
    }
    await this.scoped(async () => child.instance.ready());
    for (const registration of built.registrations) await registration.prepare();
  }

  /** The next generation is built on nobody's behalf: not on that of the request which asks for it. */
  async #reload(reason: string): Promise<void> {
    const { plugin } = this;
    if (!this.#hasServed) {
      // Its own `setup` would wait for itself.
      throw coreError('PLUGIN_RELOAD_REFUSED', {
        plugin,
        reason: 'this generation of it does not serve yet',
      });
    }
    if (this.#disposed.signal.aborted) {
      throw coreError('PLUGIN_RELOAD_REFUSED', { plugin, reason: 'this generation of it has ended' });
    }
    await withoutScope(async () => this.#options.reload(reason));
  }

  /** Ends what outlived the deadline: streams first, so that they are not counted as requests too. */
  #cut(): number {
    return (this.#child?.streams.cutAll('drain_deadline') ?? 0) + (this.#responses?.destroyAll() ?? 0);
  }

  async #lookForLeaks(): Promise<Leak[]> {
    // Closing a handle takes effect in a later turn of the loop.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const leaks = this.#options.leaks.leaksOf(this.plugin, this.generation);
    this.#options.leaks.forget(this.plugin, this.generation);
    return leaks;
  }
}

function offeredService(definition: PluginDefinition, result: unknown): object | undefined {
  if (definition.provides === undefined) return undefined;
  const service: unknown =
    typeof result === 'object' && result !== null ? Reflect.get(result, 'service') : undefined;
  if (typeof service === 'object' && service !== null) return service;
  throw new TypeError(
    `setup of ${definition.name} must return { service }, because the manifest provides ${definition.provides.name}`,
  );
}
