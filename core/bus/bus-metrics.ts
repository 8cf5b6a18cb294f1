import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { StampedEvent } from './envelope.ts';

/** How deliveries of a subscription ended: `failed` is tried again. */
export type DeliveryStatus = 'handled' | 'failed' | 'dead_lettered';

/** Counts the events that pass through one process. */
export interface BusMetrics {
  /** Events got their positions from this process. */
  stamped(events: readonly StampedEvent[]): void;
  /** So many deliveries to a subscription ended alike. */
  delivered(plugin: string, subscription: string, status: DeliveryStatus, count: number): void;
}

/**
 * `orch_events_total{type}`, each event counted by the one replica that gives it its position, and
 * `orch_event_deliveries_total{plugin,subscription,status}` of this process. Types and subscriptions are declared by the
 * plugins, which bounds the series.
 */
export function createBusMetrics(registry: Registry): BusMetrics {
  const events = new Counter({
    name: 'orch_events_total',
    help: 'Events that this process brought into the history',
    labelNames: ['type'],
    registers: [registry],
  });
  const deliveries = new Counter({
    name: 'orch_event_deliveries_total',
    help: 'Deliveries of events to subscriptions that ended',
    labelNames: ['plugin', 'subscription', 'status'],
    registers: [registry],
  });
  return {
    stamped(batch) {
      const counts = new Map<string, number>();
      for (const { event } of batch) counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
      for (const [type, count] of counts) events.inc({ type }, count);
    },
    delivered(plugin, subscription, status, count) {
      if (count > 0) deliveries.inc({ plugin, subscription, status }, count);
    },
  };
}
