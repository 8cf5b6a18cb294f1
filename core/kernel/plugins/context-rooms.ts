import type { Clock, Directory, HealthResult, Locks } from '@orchestrall/sdk';
import type { BusEngine } from '../../bus/bus-engine.ts';
import type { AuditRoom } from '../../audit/audit.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import type { FlagRoom } from '../../flags/flags.ts';
import type { OwnedHealth, Rooms } from '../../host/generation/rooms.ts';
import { createChild, type ChildEnvironment } from '../../http/pipeline/child.ts';
import type { JobsEngine } from '../../jobs/engine.ts';
import type { LocksEngine } from '../../jobs/locks/locks.ts';
import type { StateEngine } from '../../state/state.ts';
import type { ServiceRegistry } from '../../telemetry/health.ts';
import type { Logs } from '../../telemetry/logs.ts';
import type { MetricsRegistry } from '../../telemetry/metrics.ts';
import type { Owner } from '../../telemetry/owner.ts';
import { historyOf } from './history.ts';
import { pluginMigrations } from './plugin-migrations.ts';
import { purgeEnded } from './purge.ts';

/** The rooms from which plugins' contexts are made. */
export interface ContextRoomsOptions {
  readonly database: DatabaseEngine;
  readonly directory: Directory;
  readonly bus: BusEngine;
  readonly jobs: JobsEngine;
  readonly locks: LocksEngine;
  readonly state: StateEngine;
  readonly audit: AuditRoom;
  readonly flags: FlagRoom;
  readonly metrics: MetricsRegistry;
  readonly services: ServiceRegistry;
  readonly logs: Logs;
  readonly clock: Clock;
  readonly children: ChildEnvironment;
  readonly allowedHosts: (plugin: string) => readonly string[];
}

/** Gives the host each room in the form it asks for. */
export function contextRooms(options: ContextRoomsOptions): Rooms {
  const { database, bus, jobs, state, audit, flags, logs } = options;
  const prepare = async (plugin: string, extensions: readonly string[]): Promise<void> => {
    await purgeEnded(options.locks, plugin);
    await database.preparePlugin(plugin, extensions);
  };
  return {
    database: {
      forPlugin: (plugin) => database.forPlugin(plugin),
      async migrate(plugin, migrations, { allowNewer, extensions }) {
        const sets = pluginMigrations(plugin, migrations, allowNewer);
        const [prepared] = await Promise.all([sets, prepare(plugin, extensions)]);
        await database.migrate(prepared);
      },
    },
    directory: options.directory,
    bus,
    jobs,
    locks: { forPlugin: (owner): Locks => options.locks.forPlugin(owner) },
    state,
    audit,
    history: { forPlugin: ({ plugin }) => historyOf(database.core(), plugin) },
    flags,
    metrics: { forPlugin: (owner) => metricsOf(owner, options.metrics) },
    health: { forPlugin: (owner) => healthOf(owner, options.services) },
    log: (owner) => logs.logger(`plugin.${owner.plugin}`),
    clock: options.clock,
    allowedHosts: options.allowedHosts,
    createChild: async (child) => createChild(options.children, child),
  };
}

function metricsOf(owner: Owner, registry: MetricsRegistry): ReturnType<Rooms['metrics']['forPlugin']> {
  const metrics = registry.open(owner.plugin);
  return {
    api: metrics.api,
    prepare: async () => {},
    activate: () => {},
    deactivate: () => {},
    [Symbol.asyncDispose]: async () => metrics.release(),
  };
}

/** Health checks are in the registry while their generation is live, and can be run at any time before its end. */
function healthOf(owner: Owner, services: ServiceRegistry): OwnedHealth {
  const checks: { name: string; check: () => Promise<HealthResult>; timeoutMs: number | undefined }[] = [];
  const registered: Disposable[] = [];
  const deactivate = (): void => registered.splice(0).forEach((check) => check[Symbol.dispose]());
  return {
    api: {
      register: (name, check, { timeoutMs } = {}) => {
        const owned = async (): Promise<HealthResult> => owner.run('call', async () => check());
        checks.push({ name, check: owned, timeoutMs });
      },
    },
    prepare: async () => {},
    activate: () => {
      for (const { name, check, timeoutMs } of checks) {
        const limit = timeoutMs === undefined ? {} : { timeoutMs };
        registered.push(services.register(`${owner.plugin}.${name}`, check, limit));
      }
    },
    deactivate,
    check: async () => worstOf(await services.readBelow(owner.plugin)),
    [Symbol.asyncDispose]: async () => deactivate(),
  };
}

function worstOf(report: Awaited<ReturnType<ServiceRegistry['readBelow']>>): HealthResult {
  const found = [...report.components];
  for (const status of ['unhealthy', 'degraded'] as const) {
    const bad = found.find(([, health]) => health.status === status);
    if (bad !== undefined) return { status, reason: `${bad[0]}: ${bad[1].reason ?? status}` };
  }
  return { status: 'healthy' };
}
