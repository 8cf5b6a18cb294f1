import type { HttpInstance } from '@orchestrall/sdk';
import type { Registry } from 'prom-client';
import type { DocumentOptions } from '../../http/openapi/document.ts';
import { liveDocumentRoute, type LiveRoutes } from '../../http/openapi/live-document.ts';
import { referencePageRoutes } from '../../http/openapi/reference-page.ts';
import { clientRoutes } from '../../http/system/clients.ts';
import { configurationRoutes, type ConfigurationSource } from '../../http/system/configuration.ts';
import { deadLetterRoutes } from '../../http/system/dead-letters.ts';
import { eventFeedRoutes } from '../../http/system/event-feed.ts';
import { eventRoutes } from '../../http/system/events.ts';
import { flagRoutes } from '../../http/system/flags.ts';
import { healthRoutes, type HealthSource } from '../../http/system/health.ts';
import { jobRoutes } from '../../http/system/jobs.ts';
import { logLevelRoutes } from '../../http/system/log-levels.ts';
import { metricsRoutes } from '../../http/system/metrics.ts';
import { pluginRoutes, type PluginAdministration } from '../../http/system/plugins.ts';
import { signingKeyRoutes } from '../../http/system/signing-keys.ts';
import { teamRoutes } from '../../http/system/teams.ts';
import { userRoutes } from '../../http/system/users.ts';
import { webhookDeliveryRoutes } from '../../http/system/webhook-deliveries.ts';
import { webhookRoutes } from '../../http/system/webhooks.ts';
import type { Logs } from '../../telemetry/logs.ts';
import type { CoreRooms } from '../core-rooms.ts';

/** What the core's own routes stand on. */
export interface SystemApiOptions {
  readonly rooms: CoreRooms;
  readonly logs: Logs;
  readonly health: HealthSource;
  readonly metrics: Registry;
  readonly plugins: PluginAdministration;
  readonly configuration: ConfigurationSource;
  readonly live: LiveRoutes;
  readonly document: DocumentOptions;
}

/** Declares the core's own routes. */
export function systemApi(app: HttpInstance, options: SystemApiOptions): void {
  const { auth, bus, flags, jobs, webhooks } = options.rooms;
  healthRoutes(app, options.health);
  metricsRoutes(app, options.metrics);
  pluginRoutes(app, options.plugins);
  flagRoutes(app, flags);
  configurationRoutes(app, options.configuration);
  eventRoutes(app, bus);
  deadLetterRoutes(app, bus.deadLetters);
  eventFeedRoutes(app, bus);
  jobRoutes(app, jobs.history);
  userRoutes(app, auth.users);
  teamRoutes(app, auth.teams);
  clientRoutes(app, auth.clients);
  signingKeyRoutes(app, auth);
  webhookRoutes(app, webhooks);
  webhookDeliveryRoutes(app, webhooks.deliveries);
  logLevelRoutes(app, options.logs);
  liveDocumentRoute(app, options.live, options.document);
  referencePageRoutes(app);
}
