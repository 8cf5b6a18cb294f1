import type { Clock } from '@orchestrall/sdk';
import type { LoadedConfiguration } from '../../config/load.ts';
import { Host } from '../../host/host.ts';
import { LeakTracker } from '../../host/generation/leaks.ts';
import { ServiceHub } from '../../host/generation/services.ts';
import type { Slot } from '../../host/slot.ts';
import { createHostStore } from '../../host/store.ts';
import { gateTable } from '../../host/gate.ts';
import { Policies } from '../../resilience/policies.ts';
import { createResilientFetch } from '../../resilience/resilient-fetch.ts';
import type { PrefixEntry } from '../../http/gateway/prefix-table.ts';
import type { LiveRoutes } from '../../http/openapi/live-document.ts';
import type { Child, ChildEnvironment } from '../../http/pipeline/child.ts';
import type { ServiceRegistry } from '../../telemetry/health.ts';
import type { Logs } from '../../telemetry/logs.ts';
import type { MetricsRegistry } from '../../telemetry/metrics.ts';
import { hostEvents } from './host-events.ts';
import { contextRooms } from './context-rooms.ts';
import type { CoreRooms } from '../core-rooms.ts';
import type { Stages } from '../stages.ts';
import { engineVersion } from '../version.ts';

/** What of the listening side the plugins are served by. */
export interface PluginFront {
  /** The core's own routes. */
  readonly core: Pick<Child, 'routes'>;
  /** What every child is made with. */
  readonly children: ChildEnvironment;
  /** Puts the plugins' prefixes in place beside the core's own. */
  publish(plugins: readonly PrefixEntry[]): void;
}

/** What the plugin host is wired to. */
export interface PluginHostOptions {
  readonly rooms: CoreRooms;
  readonly front: PluginFront;
  readonly metrics: MetricsRegistry;
  readonly services: ServiceRegistry;
  readonly logs: Logs;
  readonly clock: Clock;
  /** The configuration in force. */
  readonly configuration: () => LoadedConfiguration;
  /** Records where leaked handles were made; for development. */
  readonly recordStacks: boolean;
  /** Longest run of a plugin's `setup`. */
  readonly setupLimitMs: number;
  /** Holds what watches the plugins for leaks, until everything that was started later has stopped. */
  readonly stages: Stages;
}

/** The host, and what it serves at the moment. */
export interface PluginHost {
  readonly host: Host;
  readonly live: LiveRoutes;
}

const retryMs = 1_000;

/** Wires the plugin host to the rooms and to the gateway; nothing runs before it is told what is desired. */
export async function createPluginHost(options: PluginHostOptions): Promise<PluginHost> {
  const { rooms, front, logs, clock, configuration } = options;
  const leaks = await options.stages.start(
    'leak tracker',
    () => new LeakTracker({ recordStacks: options.recordStacks }),
    (tracker) => tracker[Symbol.dispose](),
  );
  const log = logs.logger('core.host');
  let published: readonly Slot[] = [];
  let version = 0;
  const host = new Host({
    rooms: contextRooms({
      ...rooms,
      directory: rooms.auth.directory,
      metrics: options.metrics,
      services: options.services,
      logs,
      clock,
      children: front.children,
      allowedHosts: (plugin) => configuration().value.plugins.hosts[plugin] ?? [],
    }),
    services: new ServiceHub(),
    leaks,
    store: createHostStore(rooms.database.core()),
    fetch: createResilientFetch(new Policies({ log }), globalThis.fetch),
    setupLimitMs: options.setupLimitMs,
    clock,
    log,
    events: hostEvents(rooms.bus, log),
    engineVersion,
    publish: (slots) => {
      published = [...slots];
      version += 1;
      front.publish(gateTable(published, () => clock.monotonicMs()));
    },
    drainDeadlineMs: configuration().value.plugins.drain_timeout * 1000,
    retryMs,
  });
  const live: LiveRoutes = {
    version: () => version,
    routes: () => [...front.core.routes, ...published.flatMap((slot) => slot.current?.routes ?? [])],
  };
  return { host, live };
}
