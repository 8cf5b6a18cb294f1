import type { Clock } from '@orchestrall/sdk';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { startControl } from '../auth/control.ts';
import { coreInitialized, serviceHealthChanged } from '../bus/core-events.ts';
import type { InstalledPlugins } from '../config/capabilities/installed.ts';
import { readPluginPaths } from '../config/plugin-paths.ts';
import { loadConfiguration, type LoadedConfiguration, type LoadOptions } from '../config/load.ts';
import { containFaults } from '../host/generation/containment.ts';
import type { Host } from '../host/host.ts';
import { ServiceRegistry } from '../telemetry/health.ts';
import { Logs } from '../telemetry/logs.ts';
import { MetricsRegistry } from '../telemetry/metrics.ts';
import { registerSystemMetrics } from '../telemetry/system-metrics.ts';
import type { Appliance, ApplianceOptions } from './appliance-options.ts';
import { openDatabaseServer, replicaName, type DatabaseServer } from './backends.ts';
import { ConfigurationVersions } from './configuration/versions.ts';
import { flagsOfEnvironment, installedOf } from './plugins/desired-plugins.ts';
import { healthSource, registerHealthChecks } from './http/health.ts';
import { createHttpFront, limitOf, openTracing, type HttpFront } from './http/front.ts';
import { configurationSource, LiveConfiguration } from './configuration/live-configuration.ts';
import { applyLevels } from './configuration/log-levels.ts';
import { createPluginAdministration } from './plugins/administration.ts';
import { PluginControl } from './plugins/control.ts';
import { createPluginHost, type PluginHost } from './plugins/plugin-host.ts';
import { PluginShelf } from './plugins/shelf.ts';
import { purgePlugin, startCoreRooms, type CoreRooms } from './core-rooms.ts';
import { Stages } from './stages.ts';
import { systemApi } from './http/system-api.ts';
import { engineVersion } from './version.ts';

/** `EX_SOFTWARE` of sysexits.h. */
const crashExitCode = 70;

const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/**
 * Starts an appliance and resolves once every enabled plugin is active or has failed with a reason.
 * Throws `ConfigurationError` with every fault of the YAML, and the errors of the database room; nothing runs then.
 */
export async function createAppliance(options: ApplianceOptions): Promise<Appliance> {
  const run = new Run(options);
  try {
    await run.start();
  } catch (error) {
    await run.stop('the start failed');
    throw error;
  }
  return run;
}

class Run implements Appliance {
  readonly logs: Logs;
  readonly #options: ApplianceOptions;
  readonly #clock: Clock;
  readonly #stages: Stages;
  readonly #startedAtMs: number;
  readonly #metrics = new Registry();
  readonly #services: ServiceRegistry;
  #shelf: PluginShelf | undefined;
  #rooms: CoreRooms | undefined;
  #front: HttpFront | undefined;
  #plugins: PluginHost | undefined;
  #control: PluginControl | undefined;
  #configuration: LiveConfiguration | undefined;
  #url: string | undefined;
  #ready = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ApplianceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startedAtMs = this.#clock.monotonicMs();
    this.logs = new Logs({ destination: options.logDestination });
    this.#stages = new Stages(this.logs.logger('core.kernel'));
    this.#services = new ServiceRegistry({
      log: this.logs.logger('core.health'),
      onChange: ({ name, before, after }) => this.#healthChanged(name, before.status, after),
    });
  }

  get url(): string {
    return started(this.#url);
  }

  get rooms(): CoreRooms {
    return started(this.#rooms);
  }

  get host(): Host {
    return started(this.#plugins).host;
  }

  async reloadCertificate(): Promise<void> {
    await started(this.#front).gateway.reloadCertificate();
  }

  async start(): Promise<void> {
    const { dataFolder } = this.#options;
    await mkdir(dataFolder, { recursive: true, mode: 0o711 });
    const configuration = await this.#loadConfiguration();
    const server = await openDatabaseServer({
      configuration,
      connection: this.#options.connection,
      dataFolder,
      stages: this.#stages,
      log: this.logs.logger('core.database'),
    });
    const rooms = await startCoreRooms({
      configuration,
      server,
      dataFolder,
      environmentFlags: flagsOfEnvironment(configuration, this.#installed),
      replica: await replicaName(dataFolder),
      publicUrl: () => configuration.value.server.public_url ?? this.#url,
      stages: this.#stages,
      logs: this.logs,
      clock: this.#clock,
    });
    this.#rooms = rooms;
    const { firstPassword } = rooms.auth;
    if (firstPassword !== undefined) await this.#options.onFirstPassword?.(firstPassword);
    await this.#startHttp(configuration, server, rooms);
    await this.#startPlugins();
    this.#ready = true;
    const duration = Math.round(this.#clock.monotonicMs() - this.#startedAtMs);
    const active = this.host.list().filter(({ state }) => state === 'active');
    await rooms.bus.emitFromCore(coreInitialized, {
      version: engineVersion,
      started_in_ms: duration,
      plugins: active.map(({ name }) => name),
    });
  }

  async stop(reason: string): Promise<void> {
    this.#stopped ??= this.#stop(reason);
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('disposed');
  }

  get #installed(): InstalledPlugins {
    return installedOf(started(this.#shelf).plugins);
  }

  get #loadOptions(): LoadOptions {
    const { file, environment, overrides } = this.#options;
    return {
      environment,
      installed: this.#installed,
      ...(file === undefined ? {} : { file }),
      ...(overrides === undefined ? {} : { overrides }),
    };
  }

  async #loadConfiguration(): Promise<LoadedConfiguration> {
    const repository = this.#options.repository ?? join(import.meta.dirname, '..', '..', 'plugins');
    const { file, environment } = this.#options;
    const paths = file === undefined ? [] : await readPluginPaths({ file, environment });
    this.#shelf = new PluginShelf({ repository, paths, log: this.logs.logger('core.host') });
    await this.#shelf.look();
    const configuration = await loadConfiguration(this.#loadOptions);
    applyLevels(
      this.logs,
      configuration.value,
      this.#installed.map(({ name }) => name),
    );
    return configuration;
  }

  async #startHttp(
    configuration: LoadedConfiguration,
    server: DatabaseServer,
    rooms: CoreRooms,
  ): Promise<void> {
    registerSystemMetrics(this.#metrics, [this.#options.dataFolder]);
    const tracing = await this.#stages.start(
      'traces',
      async () => openTracing(configuration.value),
      async (sending) => sending?.[Symbol.asyncDispose](),
    );
    const front = await createHttpFront({
      tracing,
      configuration: configuration.value,
      auth: rooms.auth,
      logs: this.logs,
      metrics: this.#metrics,
    });
    this.#front = front;
    const live = new LiveConfiguration({
      load: () => this.#loadOptions,
      initial: configuration,
      installed: () => this.#installed,
      versions: new ConfigurationVersions(rooms.database.core()),
      bus: rooms.bus,
      log: this.logs.logger('core.config'),
      apply: async (next) => this.#apply(next),
      now: () => this.#clock.now(),
    });
    this.#configuration = live;
    const plugins = createPluginHost({
      rooms,
      front,
      metrics: new MetricsRegistry({ registry: this.#metrics, log: this.logs.logger('core.metrics') }),
      services: this.#services,
      logs: this.logs,
      clock: this.#clock,
      configuration: () => live.current,
      recordStacks: this.#options.recordStacks ?? false,
      setupLimitMs: this.#options.setupLimitMs ?? 30_000,
    });
    this.#plugins = plugins;
    const control = new PluginControl({
      host: plugins.host,
      flags: rooms.flags,
      shelf: started(this.#shelf),
      configuration: () => live.current,
      onShelfChanged: async () => live.check(),
      log: this.logs.logger('core.host'),
    });
    this.#control = control;
    registerHealthChecks({
      services: this.#services,
      rooms,
      host: plugins.host,
      configuration: live,
      storageFull: server.writesRefused,
    });
    systemApi(front.core.instance, {
      rooms,
      logs: this.logs,
      configuration: configurationSource(live),
      health: healthSource({
        services: this.#services,
        requests: front.requests,
        readiness: () => this.#readiness(),
        startedAtMs: this.#startedAtMs,
        monotonicMs: () => this.#clock.monotonicMs(),
      }),
      metrics: this.#metrics,
      plugins: createPluginAdministration({
        host: plugins.host,
        flags: rooms.flags,
        refresh: async () => control.reconcile(),
        rescan: async () => control.rescan(),
        purge: async (plugin) => purgePlugin(rooms, plugin),
      }),
      live: plugins.live,
      document: { version: engineVersion },
    });
    await front.core.instance.ready();
    const { host, port } = configuration.value.server;
    this.#url = (await front.gateway.listen({ host, port })).url;
    const commands = {
      folder: this.#options.dataFolder,
      auth: rooms.auth,
      log: this.logs.logger('core.auth'),
    };
    await this.#stages.start(
      'local commands',
      async () => startControl(commands),
      async (local) => local[Symbol.asyncDispose](),
    );
    await this.#stages.start(
      'health watch',
      () => this.#services.watch(),
      (watch) => watch[Symbol.dispose](),
    );
  }

  async #startPlugins(): Promise<void> {
    const { host, leaks } = started(this.#plugins);
    const live = started(this.#configuration);
    const faults = containFaults((fault) => {
      const { plugin } = fault;
      if (plugin !== undefined) host.report({ ...fault, plugin });
      else this.#crash(fault.error);
    });
    await this.#stages.start(
      'fault containment',
      () => faults,
      (active) => {
        active[Symbol.dispose]();
        leaks[Symbol.dispose]();
      },
    );
    await started(this.#control).start(this.#stages);
    await this.#stages.start(
      'live configuration',
      async () => live.start(),
      async () => live[Symbol.asyncDispose](),
    );
  }

  /** Brings everything that can change live in line with an edit of the YAML. */
  async #apply(next: LoadedConfiguration): Promise<void> {
    started(this.#front).rateLimits.configure(limitOf(next.value));
    applyLevels(
      this.logs,
      next.value,
      this.#installed.map(({ name }) => name),
    );
    await started(this.#control).apply(next);
  }

  #readiness(): { ready: boolean; reason?: string } {
    if (this.#ready) return { ready: true };
    return { ready: false, reason: this.#stopped === undefined ? 'starting' : 'stopping' };
  }

  async #stop(reason: string): Promise<void> {
    const log = this.logs.logger('core.kernel');
    log.info({ reason }, 'stopping');
    this.#ready = false;
    const front = this.#front;
    if (front !== undefined) {
      const shutdownMs = (this.#configuration?.current.value.server.shutdown_timeout ?? 30) * 1000;
      const answered = front.gateway.stop(shutdownMs);
      front.core.streams.endAll('server_shutdown');
      await this.#plugins?.host.stop();
      const { cut } = await answered;
      if (cut > 0) log.warn({ cut }, 'requests outlived the deadline and were cut');
      await front.core.instance.close();
    }
    await this.#stages.stop();
    log.info({}, 'stopped');
  }

  #healthChanged(
    service: string,
    previous: string,
    after: { status: 'healthy' | 'degraded' | 'unhealthy'; reason?: string },
  ): void {
    const data = { service, status: after.status, previous, reason: after.reason ?? null };
    this.#rooms?.bus
      .emitFromCore(serviceHealthChanged, data, { subject: service })
      .catch((error: unknown) => {
        this.logs.logger('core.health').warn({ error }, 'a change of health could not be stored');
      });
  }

  /** An error of the core that nothing caught: what the process still holds is not to be trusted. */
  #crash(error: unknown): void {
    this.logs.logger('core.kernel').critical({ error }, 'uncaught error in the core: the process ends');
    void this.#stopAndExit();
  }

  async #stopAndExit(): Promise<never> {
    try {
      await this.stop('uncaught error');
    } finally {
      process.exit(crashExitCode);
    }
  }
}

function started<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new TypeError('the appliance has not been started');
  return part;
}
