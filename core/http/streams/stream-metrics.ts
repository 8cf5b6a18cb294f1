import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { StreamMetrics } from './open-streams.ts';

/** `orch_sse_connections_active` and `orch_sse_messages_sent_total`. */
export function createStreamMetrics(registry: Registry): StreamMetrics {
  const active = new Gauge({
    name: 'orch_sse_connections_active',
    help: 'Open server-sent event streams',
    registers: [registry],
  });
  const sent = new Counter({
    name: 'orch_sse_messages_sent_total',
    help: 'Messages sent on server-sent event streams',
    registers: [registry],
  });
  return { opened: () => active.inc(), closed: () => active.dec(), messageSent: () => sent.inc() };
}
