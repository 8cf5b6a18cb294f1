import type { Static } from 'typebox';
import type { Event, EventDefinition, EmitOptions, EventOf } from './events.ts';
import type { Transaction } from './database.ts';

/** How a durable subscription is delivered to. */
export interface SubscribeOptions {
  /** Durable name, unique within the plugin; default the pattern. The position is kept under it across restarts. */
  readonly name?: string;
  /** 0 to 9, higher first among handlers of one event; default 1. */
  readonly priority?: number;
  /** Events of different keys handled at a time; default 4. Events of one key are always in order. */
  readonly concurrency?: number;
  /** Deliveries of one event before it is dead-lettered; default 8. */
  readonly attempts?: number;
  /** First pause between deliveries, doubled each time with jitter; default 500 ms, longest 60 s. */
  readonly backoffMs?: number;
  /** Longest run of one delivery; default 30,000 ms. */
  readonly timeoutMs?: number;
  /** Where a new subscription begins: with what comes next (default) or with all that the history holds. */
  readonly from?: 'now' | 'start';
}

/** Handles one event; what it writes through `tx` happens once even if the event is delivered twice. */
export type EventHandler<Received extends Event, Emitted extends EventDefinition = EventDefinition> = (
  event: Received,
  tx: Transaction<Emitted>,
) => Promise<void>;

/**
 * Events of the appliance. Patterns match types by segment: `*` is one segment, `**` any number, so
 * `contact.*`, `**`. Only events that the manifest declares can be emitted.
 */
export interface Bus<Emitted extends EventDefinition = EventDefinition> {
  /** Subscribes durably: every matching event from the subscription's position on, at least once, effect once. */
  on<Definition extends EventDefinition>(
    event: Definition,
    handler: EventHandler<EventOf<Definition>, Emitted>,
    options?: SubscribeOptions,
  ): void;
  on(pattern: string, handler: EventHandler<Event, Emitted>, options?: SubscribeOptions): void;
  /** Watches events as they pass through this process, without position, retry or transaction. */
  observe<Definition extends EventDefinition>(
    event: Definition,
    handler: (event: EventOf<Definition>) => void,
  ): void;
  observe(pattern: string, handler: (event: Event) => void): void;
  /** Emits an event in a transaction of its own and resolves with its id once it is stored. */
  emit<Definition extends Emitted>(
    event: Definition,
    data: Static<Definition['data']>,
    options?: EmitOptions,
  ): Promise<string>;
  /** Sends an event to observers and streams only: not stored, not retried. For progress and heartbeats. */
  broadcast<Definition extends Emitted>(
    event: Definition,
    data: Static<Definition['data']>,
    options?: EmitOptions,
  ): void;
}
