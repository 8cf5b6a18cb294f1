import type { Http, HttpInstance, Needs, PluginContext, PluginDefinition, Services } from '@orchestrall/sdk';
import type { Static, TObject } from 'typebox';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import type { Effects } from './effects.ts';
import { createOutgoingFetch, requestedHosts } from './outgoing.ts';
import type { OwnedHealth, Rooms } from './rooms.ts';
import type { ServiceHub } from './services.ts';
import type { OwnedTimers } from './timers.ts';

/** What the context of one generation is made of. */
export interface ContextOptions {
  readonly owner: Owner;
  readonly definition: PluginDefinition;
  readonly provider: string;
  /** The plugin's section of the client's YAML, validated, defaults filled in. */
  readonly config: Static<TObject>;
  readonly rooms: Rooms;
  readonly services: ServiceHub;
  readonly fetch: typeof globalThis.fetch;
  readonly instance: HttpInstance;
  readonly timers: OwnedTimers;
  /** Takes in how each effect of the context is undone. */
  readonly effects: Effects;
  /** Aborted when the generation begins to drain. */
  readonly draining: AbortSignal;
  /** Aborted when it has ended. */
  readonly disposed: AbortSignal;
  /** Runs work in the generation's scope. */
  readonly scoped: <Result>(work: () => Result) => Result;
  /** Asks the host for the generation after this one. */
  readonly reload: (reason: string) => Promise<void>;
}

/** What `setup` is given, and what the host keeps of it to switch the generation. */
export interface BuiltContext {
  readonly context: PluginContext<Static<TObject>, Needs>;
  /** In the order in which they are switched. */
  readonly registrations: readonly Registration<unknown>[];
  readonly health: OwnedHealth;
  /** Dependencies of the plugin's `routes/`, one for each call of `http.routes`. */
  readonly routes: readonly object[];
}

/** Builds the context of one generation: every effect a plugin may have, each owned, counted and undone at its end. */
export function buildContext(options: ContextOptions): BuiltContext {
  const { owner, definition, rooms, effects } = options;
  const registrations: Registration<unknown>[] = [];
  const own = <Api>(name: string, registration: Registration<Api>): Api => {
    registrations.push(registration);
    effects.defer(name, async () => registration[Symbol.asyncDispose]());
    return registration.api;
  };
  const routes: object[] = [];
  const http: Http = {
    instance: options.instance,
    routes: (dependencies) => void routes.push(dependencies),
  };
  const health = rooms.health.forPlugin(owner);
  effects.defer('timers', async () => options.timers[Symbol.asyncDispose]());
  const declared = [...(definition.emits ?? []), ...(definition.provides?.events ?? [])];
  const context = Object.freeze<PluginContext<Static<TObject>, Needs>>({
    plugin: { name: owner.plugin, version: owner.version, generation: owner.generation },
    config: options.config,
    provider: options.provider,
    services: servicesOf(definition.needs ?? {}, options.services),
    http,
    bus: own('bus', rooms.bus.forPlugin(owner, declared)),
    state: own('state', rooms.state.forPlugin(owner)),
    database: rooms.database.forPlugin(owner.plugin),
    directory: rooms.directory,
    jobs: own('jobs', rooms.jobs.forPlugin(owner)),
    locks: rooms.locks.forPlugin(owner),
    flags: own('flags', rooms.flags.forPlugin(owner)),
    timers: options.timers,
    audit: rooms.audit.forPlugin(owner),
    history: rooms.history.forPlugin(owner),
    metrics: own('metrics', rooms.metrics.forPlugin(owner)),
    log: rooms.log(owner),
    clock: rooms.clock,
    fetch: createOutgoingFetch({
      plugin: owner.plugin,
      requested: requestedHosts(definition.hosts ?? [], options.config),
      allowed: () => rooms.allowedHosts(owner.plugin),
      signal: options.disposed,
      fetch: options.fetch,
    }),
    health: own('health', health),
    signal: options.draining,
    reload: options.reload,
    defer: (dispose) => effects.defer('of its own', async () => options.scoped(dispose)),
  });
  return { context, registrations, health, routes };
}

/** Each need by its name; an optional one is undefined while nobody offers its contract. */
function servicesOf(needs: Needs, services: ServiceHub): Services<Needs> {
  const declared: PropertyDescriptorMap = {};
  for (const [name, need] of Object.entries(needs)) {
    const facade = services.facade(need.contract.name);
    const get = (): object | undefined =>
      need.required || services.isOffered(need.contract.name) ? facade : undefined;
    declared[name] = { enumerable: true, get };
  }
  return Object.freeze(Object.defineProperties({}, declared));
}
