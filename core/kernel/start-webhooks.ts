import type { Clock, Secret } from '@orchestrall/sdk';
import type { Registry } from 'prom-client';
import type { BusEngine } from '../bus/bus-engine.ts';
import type { Configuration } from '../config/configuration.ts';
import type { DatabaseEngine } from '../database/engine.ts';
import { createSeal } from '../database/seal.ts';
import type { JobsEngine } from '../jobs/engine.ts';
import type { Logs } from '../telemetry/logs.ts';
import { createWebhooks } from '../webhooks/webhooks.ts';
import type { WebhooksEngine } from '../webhooks/webhooks.ts';
import type { Stages } from './stages.ts';

/** What webhooks stand on; bus and jobs have started. */
export interface StartWebhooksOptions {
  readonly database: DatabaseEngine;
  readonly bus: BusEngine;
  readonly jobs: JobsEngine;
  readonly configuration: Configuration;
  readonly applianceKey: Secret;
  readonly stages: Stages;
  readonly metrics: Registry;
  readonly logs: Logs;
  readonly clock: Clock;
}

/** Starts what sends events to other systems. */
export async function startWebhooks(options: StartWebhooksOptions): Promise<WebhooksEngine> {
  const { database, bus, jobs, configuration, stages, metrics, logs, clock } = options;
  const webhooks = createWebhooks({
    database: database.core(),
    bus,
    jobs,
    seal: createSeal(options.applianceKey, 'webhook secrets at rest'),
    settings: configuration.webhooks,
    metrics,
    log: logs.logger('core.webhooks'),
    clock,
  });
  await stages.start(
    'webhooks',
    async () => webhooks.start(),
    async () => webhooks[Symbol.asyncDispose](),
  );
  return webhooks;
}
