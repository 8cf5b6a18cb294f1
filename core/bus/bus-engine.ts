import type {
  Bus,
  EmitOptions,
  Event,
  EventDefinition,
  HealthResult,
  Log,
  Transaction,
} from '@orchestrall/sdk';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import type { Static } from 'typebox';
import type { DatabaseEngine } from '../database/engine.ts';
import type { Owner, Registration } from '../telemetry/owner.ts';
import { createBusMetrics } from './bus-metrics.ts';
import { coreEvents, eventDeadLettered } from './core-events.ts';
import { createDeliveryStore } from './delivery/delivery-store.ts';
import { forgetSubscriptions } from './delivery/forget-subscriptions.ts';
import { Subscriptions } from './delivery/subscriptions.ts';
import { createEmitPort, Declarations, EmitQueue, sourceOf } from './emitter.ts';
import { toBroadcast, toOutgoing } from './envelope.ts';
import type { StampedEvent } from './envelope.ts';
import { busError } from './errors.ts';
import { createStamps } from './event-id.ts';
import { createEventStore } from './event-store.ts';
import { Notifier } from './notifier.ts';
import { createDeadLetters } from './history/dead-letters.ts';
import type { DeadLetters, Within } from './history/dead-letters.ts';
import { createHistory } from './history/history.ts';
import type { History } from './history/history.ts';
import { replayEvents } from './history/replay.ts';
import type { ReplayChoice, SubscriptionReference } from './history/replay.ts';
import { trimHistory } from './history/retention.ts';
import { readStatistics } from './history/statistics.ts';
import type { EventStatistics } from './history/statistics.ts';
import { createInProcessTransport } from './in-process-transport.ts';
import { Observers } from './observers.ts';
import { createMatcher } from './pattern.ts';
import { createRegistration } from './registration.ts';
import { Relay } from './relay.ts';
import { Streams } from './streams.ts';
import type { StreamItem, StreamOptions } from './streams.ts';
import { Tail } from './tail.ts';
import type { Transport, TransportMessage } from './transport.ts';

/** What the bus of one process is built from. */
export interface BusOptions {
  readonly database: DatabaseEngine;
  readonly log: Log;
  /** Fan-out between replicas; default in-process, where replicas hear of each other through PostgreSQL. */
  readonly transport?: Transport;
  /**
   * This process among the replicas. Default random: what a killed process held is then taken over after
   * `leaseMs`. A name that outlives the process takes it back at once, and only one process at a time may use it.
   */
  readonly replica?: string;
  /** Default 5,000. */
  readonly leaseMs?: number;
  /** Days that the history is kept; default 30. */
  readonly retentionDays?: number;
  /** Further events that rooms of the core emit, beside those of `core-events.ts`. */
  readonly coreEvents?: readonly EventDefinition[];
  /** Where `orch_event*` are registered; default nowhere. */
  readonly metrics?: Registry;
  /** Pause between looks into the outbox that nobody asked for; default 250 ms. */
  readonly pollMs?: number;
}

/** The bus of one process. */
export interface BusEngine extends AsyncDisposable {
  /** Begins to stamp and deliver; the migrations of `core/bus` must have run. */
  start(): Promise<void>;
  /** The bus as one generation uses it; `declared` is what its manifest and contract let it emit. */
  forPlugin(owner: Owner, declared: readonly EventDefinition[]): Registration<Bus>;
  /** Emits an event of the core, in the transaction given or in one of its own; returns its id. */
  emitFromCore<Definition extends EventDefinition>(
    definition: Definition,
    data: Static<Definition['data']>,
    options?: EmitOptions & { readonly tx?: Transaction; readonly room?: string },
  ): Promise<string>;
  /** Watches events that pass through this process. */
  observe(pattern: string, handler: (event: Event) => void): Disposable;
  /** Follows the history and what is broadcast. Throws `EVENT_PATTERN_INVALID` and `BUS_STOPPED`. */
  openStream(options: StreamOptions): AsyncIterable<StreamItem>;
  /** Highest position that this process has seen: a stream opened now begins behind it. */
  readonly position: number;
  readonly history: History;
  readonly deadLetters: DeadLetters;
  /** Hands events to one subscription once more; see `replayEvents`. */
  replay(subscription: SubscriptionReference, choice: ReplayChoice, within?: Within): Promise<number>;
  statistics(hours?: number): Promise<EventStatistics>;
  /** Forgets a plugin's subscriptions with what waits for them; its events stay in the history. */
  purge(plugin: string): Promise<void>;
  /** Removes what is older than the retention; called hourly by itself. Returns how many events went. */
  trim(): Promise<number>;
  health(): Promise<HealthResult>;
  /** Ends streams, finishes what is being handled, gives subscriptions back. */
  stop(): Promise<void>;
}

const channel = 'orchestrall_events';
const trimEveryMs = 3_600_000;
const boundsEveryMs = 1_000;

/** Builds the bus on a database and connects itself as the port of `tx.emit`. Nothing moves before `start`. */
export function createBus(options: BusOptions): BusEngine {
  const { database, log } = options;
  const core = database.core();
  const replica = options.replica ?? randomUUID();
  const metrics = createBusMetrics(options.metrics ?? new Registry());
  const transport = options.transport ?? createInProcessTransport();
  const origin = randomUUID();
  const stamp = createStamps();
  const events = createEventStore(core);
  const declarations = new Declarations();
  declarations.add('core', [...coreEvents, ...(options.coreEvents ?? [])]);
  const observers = new Observers(log);
  const tail = new Tail({ read: (after, limit) => events.readAfter(after, limit), log });
  const streams = new Streams({ tail, store: events, log });
  const notifier = new Notifier({ send: (payload) => events.notify(channel, payload), log });
  const stopping = new AbortController();
  let state: 'new' | 'running' | 'stopped' = 'new';

  /** Hints only: whoever misses one finds the events by their positions. */
  const send = (message: TransportMessage): void => {
    transport.publish(message).catch((error: unknown) => {
      log.debug({ error, transport: transport.name }, 'a hint to other replicas was lost');
    });
  };
  const publish = (stamped: readonly StampedEvent[]): void => {
    metrics.stamped(stamped);
    tail.offer(stamped);
    notifier.stamped(stamped.at(-1)?.position ?? 0);
    send({ kind: 'stamped', events: stamped });
  };
  const relay = new Relay({
    stamp: (limit) => events.stamp(limit),
    deliver: publish,
    log,
    pollMs: options.pollMs ?? 250,
  });
  const poke = (): void => relay.poke();
  const queue = new EmitQueue(core, poke);
  database.connectEffects({ emit: createEmitPort(declarations, stamp, poke) });

  const subscriptions = new Subscriptions({
    database: core,
    events,
    store: createDeliveryStore(core),
    tail,
    log,
    metrics,
    replica,
    leaseMs: options.leaseMs ?? 5_000,
    // The other half stays for requests, and for what handlers call.
    lanes: Math.max(2, Math.floor(database.statistics().size / 2)),
    onDead: (binding, { event }, reason) => {
      // A subscriber that fails on this very event must not feed itself.
      if (event.type === eventDeadLettered.type) return;
      const data = {
        plugin: binding.owner.plugin,
        subscription: binding.name,
        event_id: event.id,
        event_type: event.type,
        reason,
      };
      emitFromCore(eventDeadLettered, data, { subject: event.id, room: 'bus' }).catch((error: unknown) => {
        log.warn({ error, event_id: event.id }, 'the event about a dead letter could not be emitted');
      });
    },
  });

  const broadcast = (event: Event, visibleTo: readonly string[] | null): void => {
    observers.deliver(event);
    streams.broadcast(event, visibleTo);
  };
  const emitFromCore: BusEngine['emitFromCore'] = async (definition, data, given = {}) => {
    const { tx, room, ...emitOptions } = given;
    if (tx !== undefined) return tx.emit(definition, data, emitOptions);
    declarations.check('core', definition.type);
    return queue.add(toOutgoing(sourceOf('core', room), stamp(), definition, data, emitOptions));
  };

  tail.onAdvance((stamped) => {
    for (const { event } of stamped) observers.deliver(event);
  });

  const held: (Disposable | AsyncDisposable)[] = [];
  const readBounds = async (): Promise<void> => {
    try {
      tail.catchUp((await events.bounds()).head);
    } catch (error) {
      log.debug({ error }, 'the head of the history could not be read');
    }
  };
  const every = (intervalMs: number, work: () => void): void => {
    const timer = setInterval(work, intervalMs);
    held.push({ [Symbol.dispose]: () => clearInterval(timer) });
  };
  const trim = (): Promise<number> => trimHistory(core, options.retentionDays ?? 30, stopping.signal);

  const stop = async (): Promise<void> => {
    if (state === 'stopped') return;
    state = 'stopped';
    stopping.abort();
    streams.close('server_shutdown');
    await subscriptions.stop();
    await queue.drained();
    await relay[Symbol.asyncDispose]();
    await notifier[Symbol.asyncDispose]();
    for (const one of held.toReversed()) {
      if (Symbol.asyncDispose in one) await one[Symbol.asyncDispose]();
      else one[Symbol.dispose]();
    }
    if (options.transport === undefined) await transport[Symbol.asyncDispose]();
  };

  return {
    async start() {
      if (state !== 'new') throw busError('BUS_STOPPED');
      tail.start((await events.bounds()).head);
      held.push(
        transport.subscribe((message) => {
          if (message.kind === 'stamped') tail.offer(message.events);
          else if (message.origin !== origin) broadcast(message.event, message.visibleTo);
        }),
      );
      held.push(
        await database.listen(
          channel,
          (payload) => {
            const heard = notifier.read(payload);
            if (heard.kind === 'stamped') tail.catchUp(heard.head);
            else if (heard.kind === 'parked') subscriptions.searchParked();
            else if (heard.kind === 'erased') tail.forget();
          },
          { onReconnect: () => void readBounds() },
        ),
      );
      state = 'running';
      await readBounds();
      relay.start();
      subscriptions.start();
      // Notifications may be lost; another replica's positions are then seen by this.
      every(boundsEveryMs, () => void readBounds());
      every(trimEveryMs, () => {
        trim().catch((error: unknown) => log.warn({ error }, 'old events could not be removed'));
      });
    },
    forPlugin(owner, declared) {
      const source = sourceOf(owner.plugin);
      return createRegistration({
        owner,
        declared,
        database: database.forPlugin(owner.plugin),
        declarations,
        observers,
        subscriptions,
        emit: async (definition, data, given) => {
          if (state === 'stopped') throw busError('BUS_STOPPED');
          return queue.add(toOutgoing(source, stamp(), definition, data, given));
        },
        broadcast: (definition, data, given) => {
          const event = toBroadcast(source, stamp(), definition, data, given);
          const visibleTo = given?.visibleTo ?? null;
          broadcast(event, visibleTo);
          // The default transport reaches nobody but this process.
          if (options.transport !== undefined) send({ kind: 'broadcast', origin, event, visibleTo });
        },
      });
    },
    emitFromCore,
    observe: (pattern, handler) => observers.add(pattern, undefined, handler),
    openStream(given) {
      if (state === 'stopped') throw busError('BUS_STOPPED');
      return streams.openStream(given);
    },
    get position() {
      return tail.head;
    },
    history: createHistory(core),
    deadLetters: createDeadLetters(core, () => replayed()),
    async replay(subscription, choice, within) {
      const count = await replayEvents(core, subscription, choice, { matcher: createMatcher, within });
      if (count > 0) await replayed();
      return count;
    },
    statistics: (hours) => readStatistics(core, hours),
    purge: async (plugin) => forgetSubscriptions(core, plugin),
    trim,
    async health() {
      if (relay.failures > 0) return { status: 'unhealthy', reason: 'the outbox cannot be read' };
      const fanOut = await transport.health();
      if (fanOut.status === 'healthy') return fanOut;
      // Without hints, replicas still hear of events through PostgreSQL.
      return {
        status: 'degraded',
        reason: fanOut.reason ?? `the transport ${transport.name} is ${fanOut.status}`,
      };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };

  async function replayed(): Promise<void> {
    subscriptions.searchParked();
    await notifier.parked();
  }
}
