import type {
  Bus,
  EmitOptions,
  Event,
  EventDefinition,
  EventHandler,
  SubscribeOptions,
} from '@orchestrall/sdk';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import { createBinding } from './delivery/binding.ts';
import type { Binding } from './delivery/binding.ts';
import type { Subscriptions } from './delivery/subscriptions.ts';
import type { Declarations } from './emitter.ts';
import { busError } from './errors.ts';
import type { Observers } from './observers.ts';
import { parsePattern } from './pattern.ts';

/** What of the bus one generation's registration works with. */
export interface RegistrationOptions {
  readonly owner: Owner;
  readonly declared: readonly EventDefinition[];
  readonly database: ScopedDatabase;
  readonly declarations: Declarations;
  readonly observers: Observers;
  readonly subscriptions: Subscriptions;
  readonly emit: (
    definition: EventDefinition,
    data: unknown,
    options: EmitOptions | undefined,
  ) => Promise<string>;
  readonly broadcast: (definition: EventDefinition, data: unknown, options: EmitOptions | undefined) => void;
}

/** What one generation subscribes to. Nothing is delivered before `activate` or after `deactivate`, which may be repeated. */
export function createRegistration(options: RegistrationOptions): Registration<Bus> {
  const { owner, subscriptions, observers } = options;
  const declared = options.declarations.add(owner.plugin, options.declared);
  const bindings = new Map<string, Binding>();
  const watched: { readonly pattern: string; readonly handler: (event: Event) => void }[] = [];
  const watching: Disposable[] = [];
  let ids: ReadonlyMap<string, number> = new Map();
  let state: 'open' | 'active' | 'paused' | 'ended' = 'open';

  const refuseLate = (what: string): void => {
    if (state !== 'open') throw new TypeError(`${what} must be called during setup of the plugin`);
  };

  const on = (
    event: EventDefinition | string,
    handler: EventHandler<Event>,
    given?: SubscribeOptions,
  ): void => {
    refuseLate('bus.on');
    const binding = createBinding(owner, options.database, patternOf(event), handler, given);
    if (bindings.has(binding.name)) {
      const faults = [
        { path: 'name', message: 'is used by another subscription of the plugin; give each its own' },
      ];
      throw busError('SUBSCRIPTION_INVALID', { plugin: owner.plugin, name: binding.name, faults });
    }
    bindings.set(binding.name, binding);
  };
  const observe = (event: EventDefinition | string, handler: (event: Event) => void): void => {
    refuseLate('bus.observe');
    const pattern = patternOf(event);
    parsePattern(pattern);
    watched.push({ pattern, handler });
  };
  const deactivate = (): void => {
    if (state !== 'active') return;
    state = 'paused';
    for (const one of watching.splice(0)) one[Symbol.dispose]();
    for (const [name, binding] of bindings) {
      const id = ids.get(name);
      if (id !== undefined) subscriptions.unbind(id, binding);
    }
  };

  return {
    // The handlers' types follow from the definitions; what is delivered has been checked against them.
    api: typedBus({
      on,
      observe,
      emit: (definition, data, given) => {
        options.declarations.check(owner.plugin, definition.type);
        return options.emit(definition, data, given);
      },
      broadcast: (definition, data, given) => {
        options.declarations.check(owner.plugin, definition.type);
        options.broadcast(definition, data, given);
      },
    }),
    async prepare() {
      ids = await subscriptions.prepare([...bindings.values()]);
    },
    activate() {
      if (state === 'active' || state === 'ended') return;
      if (ids.size < bindings.size) throw new TypeError('prepare() must have resolved before activate()');
      state = 'active';
      const byPriority = [...bindings.values()].toSorted((left, right) => right.priority - left.priority);
      for (const binding of byPriority) {
        const id = ids.get(binding.name);
        if (id !== undefined) subscriptions.bind(id, binding);
      }
      for (const { pattern, handler } of watched) watching.push(observers.add(pattern, owner, handler));
    },
    deactivate,
    async [Symbol.asyncDispose]() {
      deactivate();
      state = 'ended';
      declared[Symbol.dispose]();
    },
  };
}

function patternOf(event: EventDefinition | string): string {
  return typeof event === 'string' ? event : event.type;
}

/** The bus as the implementation sees it: without the relation between a definition and its handler. */
interface UntypedBus {
  on(event: EventDefinition | string, handler: EventHandler<Event>, options?: SubscribeOptions): void;
  observe(event: EventDefinition | string, handler: (event: Event) => void): void;
  emit(definition: EventDefinition, data: unknown, options?: EmitOptions): Promise<string>;
  broadcast(definition: EventDefinition, data: unknown, options?: EmitOptions): void;
}

function typedBus(bus: UntypedBus): Bus;
function typedBus(bus: UntypedBus): UntypedBus {
  return bus;
}
