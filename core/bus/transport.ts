import type { Event, HealthResult } from '@orchestrall/sdk';
import type { StampedEvent } from './envelope.ts';

/** What travels between replicas. */
export type TransportMessage =
  /** Events that have their position, ascending. */
  | { readonly kind: 'stamped'; readonly events: readonly StampedEvent[] }
  /** An event that is not stored. */
  | {
      readonly kind: 'broadcast';
      /** The process that sent it and has delivered it to itself already. */
      readonly origin: string;
      readonly event: Event;
      readonly visibleTo: readonly string[] | null;
    };

/**
 * Fan-out to every replica, the sender included or not. It is a hint: it may lose, double or reorder messages,
 * since consumers go by positions and fill gaps from PostgreSQL. Losing it costs latency, never an event.
 */
export interface Transport extends AsyncDisposable {
  readonly name: string;
  /** Sends to every subscriber; resolves when the backend has taken it, rejects when it could not. */
  publish(message: TransportMessage): Promise<void>;
  /** Calls back for each message that arrives; disposing the result ends it. */
  subscribe(listener: (message: TransportMessage) => void): Disposable;
  /** Whether messages get through at the moment. */
  health(): Promise<HealthResult>;
}
