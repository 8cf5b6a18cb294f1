import type { HealthResult } from '@orchestrall/sdk';
import { withTimeLimit } from '../time-limit.ts';
import { messageOf } from './error-message.ts';
import type { CoreLog } from './logs.ts';

/** What a check found, and when. */
export interface ComponentHealth extends HealthResult {
  /** End of the check. */
  readonly checkedAt: Date;
  readonly durationMs: number;
}

/** What all checks found together. */
export interface HealthReport {
  /** `unhealthy` when a critical component is; `degraded` when any component is less than healthy. */
  readonly status: HealthResult['status'];
  readonly components: ReadonlyMap<string, ComponentHealth>;
}

/** How a check is judged. */
export interface CheckOptions {
  /** A longer check counts as unhealthy; default 2,000. */
  readonly timeoutMs?: number;
  /** Whether the appliance cannot serve without it; default false. */
  readonly critical?: boolean;
}

/** Who hears of changes. */
export interface ServiceRegistryOptions {
  readonly log: CoreLog;
  /** Called when a component's status differs from the one found before; the first finding is no change. */
  readonly onChange?: (change: { name: string; before: HealthResult; after: HealthResult }) => void;
}

type Check = () => Promise<HealthResult> | HealthResult;

interface Service {
  readonly check: Check;
  readonly timeoutMs: number;
  readonly critical: boolean;
  /** The check that has not ended yet, also when its time is over; another is not started beside it. */
  running: { readonly result: Promise<HealthResult>; readonly startedAtMs: number } | undefined;
  last: HealthResult | undefined;
}

/** Every backend and plugin with its health check; reads at the same time share one run. */
export class ServiceRegistry {
  readonly #options: ServiceRegistryOptions;
  readonly #services = new Map<string, Service>();
  #run: Promise<HealthReport> | undefined;

  constructor(options: ServiceRegistryOptions) {
    this.#options = options;
  }

  /** Adds a check under a name such as `database` or `crm.salesforce`; the last of a name counts. Dispose removes it. */
  register(name: string, check: Check, options: CheckOptions = {}): Disposable {
    const service: Service = {
      check,
      timeoutMs: options.timeoutMs ?? 2_000,
      critical: options.critical ?? false,
      running: undefined,
      last: this.#services.get(name)?.last,
    };
    this.#services.set(name, service);
    return {
      [Symbol.dispose]: () => {
        // A newer generation may have taken the name over.
        if (this.#services.get(name) === service) this.#services.delete(name);
      },
    };
  }

  /** Runs all checks; ends at the longest time limit at the latest and never rejects. */
  read(): Promise<HealthReport> {
    this.#run ??= this.#readAll().finally(() => {
      this.#run = undefined;
    });
    return this.#run;
  }

  /** Runs the checks of one name prefix, such as those of a plugin that was just switched. */
  async readBelow(prefix: string): Promise<HealthReport> {
    const names = [...this.#services.keys()].filter(
      (name) => name === prefix || name.startsWith(`${prefix}.`),
    );
    return this.#readNames(names);
  }

  /** Reads every `intervalMs`, so that changes are noticed without readers; dispose ends it. */
  watch(intervalMs = 10_000): Disposable {
    const timer = setInterval(() => void this.read(), intervalMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  #readAll(): Promise<HealthReport> {
    return this.#readNames([...this.#services.keys()]);
  }

  async #readNames(names: readonly string[]): Promise<HealthReport> {
    const components = new Map<string, ComponentHealth>();
    let status: HealthResult['status'] = 'healthy';
    await Promise.all(
      names.map(async (name) => {
        const service = this.#services.get(name);
        if (service === undefined) return;
        const startedAt = performance.now();
        const result = await runCheck(service);
        components.set(name, { ...result, checkedAt: new Date(), durationMs: performance.now() - startedAt });
        this.#note(name, service, result);
        if (result.status === 'unhealthy' && service.critical) status = 'unhealthy';
        else if (result.status !== 'healthy' && status === 'healthy') status = 'degraded';
      }),
    );
    return { status, components: new Map([...components].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  }

  #note(name: string, service: Service, after: HealthResult): void {
    const before = service.last;
    service.last = after;
    if (before === undefined || before.status === after.status) return;
    this.#options.log[after.status === 'healthy' ? 'info' : 'warn'](
      { component: name, before: before.status, ...after },
      'the health of a component changed',
    );
    this.#options.onChange?.({ name, before, after });
  }
}

async function runCheck(service: Service): Promise<HealthResult> {
  const fresh = service.running === undefined;
  service.running ??= { result: settle(service), startedAtMs: performance.now() };
  const { result: running, startedAtMs } = service.running;
  const late = fresh ? 'the check took longer than' : 'an earlier check still hangs after';
  // Who asks while an earlier check hangs waits only for what is left of its time.
  const leftMs = Math.max(0, service.timeoutMs - (performance.now() - startedAtMs));
  const reason = `${late} ${service.timeoutMs} ms`;
  // The check itself never rejects.
  return withTimeLimit(leftMs, reason, () => running).catch(() => ({ status: 'unhealthy', reason }));
}

async function settle(service: Service): Promise<HealthResult> {
  try {
    // Also of a check that throws before its first await, the end comes after `running` has been set.
    return await Promise.try(service.check);
  } catch (error) {
    return { status: 'unhealthy', reason: messageOf(error) };
  } finally {
    service.running = undefined;
  }
}
