import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Answer } from './sending/answer.ts';

/** Counts what this process sends. */
export interface WebhookMetrics {
  attempted(answer: Pick<Answer, 'taken' | 'durationMs'>): void;
}

/** `orch_webhook_attempts_total{status}` with `taken` and `failed`, and `orch_webhook_attempt_duration_seconds`. */
export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  const attempts = new Counter({
    name: 'orch_webhook_attempts_total',
    help: 'Attempts to send a webhook, by how they ended',
    labelNames: ['status'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'orch_webhook_attempt_duration_seconds',
    help: 'Time from the look-up of the receiver to its answer',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    attempted({ taken, durationMs }) {
      attempts.inc({ status: taken ? 'taken' : 'failed' });
      duration.observe(durationMs / 1_000);
    },
  };
}
