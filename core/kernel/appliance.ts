import { mkdir } from 'node:fs/promises';
import { coreInitialized } from '../bus/core-events.ts';
import type { Host } from '../host/host.ts';
import type { LiveRoutes } from '../http/openapi/live-document.ts';
import type { ServiceRegistry } from '../telemetry/health.ts';
import { MetricsRegistry } from '../telemetry/metrics.ts';
import { registerSystemMetrics } from '../telemetry/system-metrics.ts';
import type { Appliance, ApplianceOptions } from './appliance-options.ts';
import { configurationHashKey, openDatabaseServer, replicaName, type DatabaseServer } from './backends.ts';
import { readClient, type Client } from './configuration/client.ts';
import { configurationSource, LiveConfiguration } from './configuration/live-configuration.ts';
import { ConfigurationVersions } from './configuration/versions.ts';
import { startCoreRooms, type CoreRooms } from './core-rooms.ts';
import { layFoundation, type Foundation } from './foundation.ts';
import { createHttpFront, type HttpFront } from './http/front.ts';
import { healthSource, registerHealthChecks } from './http/health.ts';
import { listen } from './http/listen.ts';
import { systemApi } from './http/system-api.ts';
import { watchedServices } from './http/watched-services.ts';
import { createPluginAdministration } from './plugins/administration.ts';
import { PluginControl } from './plugins/control.ts';
import { flagsOfEnvironment } from './plugins/desired-plugins.ts';
import { createPluginHost } from './plugins/plugin-host.ts';
import { purgePlugin } from './plugins/purge.ts';
import { startPlugins } from './start-plugins.ts';
import { engineVersion } from './version.ts';

/** The database and the rooms on it, and the client's YAML that shaped them. */
interface Base {
  readonly client: Client;
  readonly server: DatabaseServer;
  readonly rooms: CoreRooms;
  readonly live: LiveConfiguration;
}

/** What stands between the rooms and whoever sends requests; nothing listens yet. */
interface Serving {
  readonly services: ServiceRegistry;
  readonly front: HttpFront;
  readonly host: Host;
  readonly routes: LiveRoutes;
  readonly control: PluginControl;
}

/**
 * Starts an appliance and resolves once every enabled plugin is active or has failed with a reason.
 * Throws `ConfigurationError` with every fault of the YAML, and the errors of the database room; nothing runs then.
 */
export async function createAppliance(options: ApplianceOptions): Promise<Appliance> {
  const foundation = layFoundation(options);
  try {
    const base = await openBase(foundation);
    const serving = await openServing(foundation, base);
    declareSystemApi(foundation, base, serving);
    const url = await listen(foundation, { ...base, ...serving });
    await startPlugins(foundation, { ...base, ...serving, webhooks: base.rooms.webhooks });
    foundation.lifecycle.serves();
    await announce(foundation, base, serving);
    return running(foundation, base, serving, url);
  } catch (error) {
    await foundation.lifecycle.stop('the start failed');
    throw error;
  }
}

/** Configuration, database and migrations, background services, identity. */
async function openBase(foundation: Foundation): Promise<Base> {
  const { options, stages, logs, clock, lifecycle } = foundation;
  const { dataFolder, connection } = options;
  await mkdir(dataFolder, { recursive: true, mode: 0o711 });
  const client = await readClient(foundation);
  const configuration = client.initial;
  const server = await openDatabaseServer({
    configuration,
    connection,
    dataFolder,
    stages,
    log: logs.logger('core.database'),
  });
  const rooms = await startCoreRooms({
    configuration,
    server,
    dataFolder,
    environmentFlags: flagsOfEnvironment(configuration, client.installed()),
    replica: await replicaName(dataFolder),
    publicUrl: () => configuration.value.server.public_url ?? lifecycle.url,
    stages,
    metrics: foundation.metrics,
    logs,
    clock,
  });
  const { firstPassword } = rooms.auth;
  if (firstPassword !== undefined) await options.onFirstPassword?.(firstPassword);
  const live = new LiveConfiguration({
    ...client,
    versions: new ConfigurationVersions(rooms.database.core()),
    bus: rooms.bus,
    log: logs.logger('core.config'),
    now: () => clock.now(),
    hashKey: await configurationHashKey(configuration, dataFolder),
  });
  return { client, server, rooms, live };
}

/** The HTTP side and the plugin host behind it. */
async function openServing(foundation: Foundation, { client, rooms, live }: Base): Promise<Serving> {
  const { options, stages, logs, clock, metrics } = foundation;
  registerSystemMetrics(metrics, [options.dataFolder]);
  const services = watchedServices(rooms.bus, logs);
  const configuration = client.initial.value;
  const front = await createHttpFront({
    configuration,
    auth: rooms.auth,
    database: rooms.database,
    logs,
    metrics,
    stages,
  });
  const { host, live: routes } = await createPluginHost({
    rooms,
    front,
    metrics: new MetricsRegistry({ registry: metrics, log: logs.logger('core.metrics') }),
    services,
    logs,
    clock,
    configuration: () => live.current,
    recordStacks: options.recordStacks ?? false,
    setupLimitMs: options.setupLimitMs ?? 30_000,
    stages,
  });
  const control = new PluginControl({
    host,
    flags: rooms.flags,
    database: rooms.database,
    shelf: client.shelf,
    configuration: () => live.current,
    onShelfChanged: async () => live.check(),
    log: logs.logger('core.host'),
  });
  return { services, front, host, routes, control };
}

/** Health checks and the core's own routes. */
function declareSystemApi(
  foundation: Foundation,
  { client, server, rooms, live }: Base,
  serving: Serving,
): void {
  const { services, front, host, routes, control } = serving;
  registerHealthChecks({
    services,
    rooms,
    host,
    configuration: live,
    shelf: client.shelf,
    storageFull: server.writesRefused,
  });
  systemApi(front.core.instance, {
    rooms,
    logs: foundation.logs,
    configuration: configurationSource(live),
    health: healthSource({ ...foundation, services, requests: front.requests }),
    metrics: foundation.metrics,
    plugins: createPluginAdministration({
      host,
      flags: rooms.flags,
      refresh: async () => control.reconcile(),
      rescan: async () => control.rescan(),
      purge: async (plugin) => purgePlugin(rooms, host, plugin),
    }),
    live: routes,
    document: { version: engineVersion },
  });
}

async function announce(foundation: Foundation, { rooms }: Base, { host }: Serving): Promise<void> {
  const active = host.list().filter(({ state }) => state === 'active');
  await rooms.bus.emitFromCore(coreInitialized, {
    version: engineVersion,
    started_in_ms: Math.round(foundation.clock.monotonicMs() - foundation.startedAtMs),
    plugins: active.map(({ name }) => name),
  });
}

function running(
  { lifecycle, logs }: Foundation,
  { rooms }: Base,
  { front, host }: Serving,
  url: string,
): Appliance {
  return {
    url,
    rooms,
    host,
    logs,
    reloadCertificate: async () => front.gateway.reloadCertificate(),
    stop: async (reason) => lifecycle.stop(reason),
    [Symbol.asyncDispose]: async () => lifecycle.stop('disposed'),
  };
}
