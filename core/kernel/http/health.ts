import type { HealthResult } from '@orchestrall/sdk';
import type { HealthSource } from '../../http/system/health.ts';
import type { Host } from '../../host/host.ts';
import type { RequestMetrics } from '../../http/pipeline/request-metrics.ts';
import type { ServiceRegistry } from '../../telemetry/health.ts';
import { inOneLine } from '../../config/faults.ts';
import type { LiveConfiguration } from '../configuration/live-configuration.ts';
import type { CoreRooms } from '../core-rooms.ts';
import type { Foundation } from '../foundation.ts';
import type { PluginShelf } from '../plugins/shelf.ts';
import { engineVersion } from '../version.ts';

/** What is checked, and where the checks are registered. */
export interface HealthChecksOptions {
  readonly services: ServiceRegistry;
  readonly rooms: CoreRooms;
  readonly host: Host;
  readonly configuration: LiveConfiguration;
  readonly shelf: Pick<PluginShelf, 'faults'>;
  readonly storageFull: () => boolean;
}

/** Registers the checks of the core's own components; without the database the appliance cannot serve. */
export function registerHealthChecks(options: HealthChecksOptions): void {
  const { services, rooms, host, configuration, shelf, storageFull } = options;
  services.register(
    database,
    async () => {
      await rooms.database.ping();
      return storageFull() ? { status: 'degraded', reason: 'the disk is full: writes are refused' } : healthy;
    },
    { critical: true },
  );
  services.register('events', async () => rooms.bus.health());
  services.register('security', async () => {
    await rooms.auth.check();
    return healthy;
  });
  services.register('configuration', () => {
    const { rejection, waiting } = configuration;
    if (rejection !== undefined) {
      return degraded(`the last edit was refused: ${inOneLine(rejection.faults)}`);
    }
    return waiting.length > 0 ? degraded(`waits for a restart: ${waiting.join(', ')}`) : healthy;
  });
  services.register('plugins', () => {
    const failed = host.list().filter(({ state }) => state === 'failed');
    const reasons = [
      ...failed.map(({ name, reason }) => `${name}: ${reason ?? 'failed'}`),
      ...shelf.faults.map(({ file, path, message, remedy }) => {
        const fault = [file, path, message].filter(Boolean).join(' ');
        return `${fault}. ${remedy}`;
      }),
    ];
    return reasons.length === 0 ? healthy : degraded(reasons.join('; '));
  });
}

/** What `/health` shows. */
export function healthSource(
  options: Pick<Foundation, 'clock' | 'startedAtMs' | 'lifecycle'> & {
    readonly services: ServiceRegistry;
    readonly requests: RequestMetrics;
  },
): HealthSource {
  const { services, requests, clock, startedAtMs, lifecycle } = options;
  return {
    version: engineVersion,
    read: async () => services.read(),
    async readiness() {
      const reason = lifecycle.notServing;
      if (reason !== undefined) return { ready: false, reason };
      const { status, components } = await services.readBelow(database);
      if (status !== 'unhealthy') return { ready: true };
      return { ready: false, reason: `database: ${components.get(database)?.reason ?? status}` };
    },
    metrics: () => ({
      uptime_seconds: Math.round((clock.monotonicMs() - startedAtMs) / 1000),
      total_requests: requests.total,
    }),
  };
}

/** The component without which nothing can be served. */
const database = 'database';

const healthy: HealthResult = { status: 'healthy' };

function degraded(reason: string): HealthResult {
  return { status: 'degraded', reason };
}
