import type { Caller, Role } from '@orchestrall/sdk';
import { Registry } from 'prom-client';
import { authError } from '../../auth/errors.ts';
import { Logs } from '../../telemetry/logs.ts';
import type { WorkKind } from '../../telemetry/owner.ts';
import { createChild } from '../pipeline/child.ts';
import type { Child, ChildEnvironment } from '../pipeline/child.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { GatewayOptions } from '../gateway/gateway.ts';
import { RateLimits } from '../pipeline/rate-limits.ts';
import { RequestMetrics } from '../pipeline/request-metrics.ts';

/** Counts in-flight work as the host does. */
export class Counter {
  readonly counts = new Map<WorkKind, number>();

  begin(kind: WorkKind): void {
    this.counts.set(kind, this.of(kind) + 1);
  }

  end(kind: WorkKind): void {
    this.counts.set(kind, this.of(kind) - 1);
  }

  of(kind: WorkKind): number {
    return this.counts.get(kind) ?? 0;
  }
}

export interface Harness extends AsyncDisposable {
  readonly environment: ChildEnvironment;
  readonly rateLimits: RateLimits;
  readonly registry: Registry;
  readonly core: Child;
  readonly gateway: Gateway;
  readonly activity: Counter;
  /** Log lines written so far, parsed. */
  readonly lines: Record<string, unknown>[];
  /** Filled by `listen`. */
  url: string;
  port: number;
  /** A child of a plugin, not yet ready. */
  plugin(name: string, prefixes: readonly string[], activity?: Counter): Promise<Child>;
  /** Makes the core ready and listens on a free port. */
  listen(): Promise<string>;
}

/** A gateway with the core's child; tokens are `<role>-token`. */
export async function createHarness(
  options: Partial<ChildEnvironment> & { readonly gateway?: Partial<GatewayOptions> } = {},
): Promise<Harness> {
  const lines: Record<string, unknown>[] = [];
  const logs = new Logs({
    destination: { write: (line: string) => lines.push(JSON.parse(line)) },
    level: 'DEBUG',
  });
  const registry = new Registry();
  const rateLimits = new RateLimits();
  const environment: ChildEnvironment = {
    logs,
    authentication: { inspect: async (token) => ({ caller: callerOf(token), expiresInMs: 3_600_000 }) },
    rateLimits,
    requestMetrics: new RequestMetrics(registry),
    streams: { metrics: { opened: () => {}, closed: () => {}, messageSent: () => {} } },
    checkResponses: true,
    ...options,
  };
  const activity = new Counter();
  const core = await createChild(environment, { prefixes: [], activity });
  const gateway = new Gateway({ core: core.target, log: logs.logger('core.http'), ...options.gateway });
  const children = [core];
  const harness: Harness = {
    environment,
    rateLimits,
    registry,
    core,
    gateway,
    activity,
    lines,
    url: '',
    port: 0,
    async plugin(name, prefixes, counter = activity) {
      const child = await createChild(environment, {
        plugin: { name, generation: 1 },
        prefixes,
        activity: counter,
      });
      children.push(child);
      return child;
    },
    async listen() {
      await core.instance.ready();
      const bound = await gateway.listen({ host: '127.0.0.1', port: 0 });
      harness.url = bound.url;
      harness.port = bound.port;
      return bound.url;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.streams.endAll('test ends');
      await gateway.stop(2_000);
      await Promise.all(children.map((child) => child.instance.close()));
    },
  };
  return harness;
}

function callerOf(token: string): Caller {
  const roles: Record<string, readonly Role[]> = {
    'admin-token': ['admin'],
    'operator-token': ['operator'],
    'viewer-token': ['viewer'],
    'system-token': ['system'],
  };
  const held = roles[token];
  if (held === undefined) throw authError('TOKEN_INVALID');
  return { id: `id-of-${token}`, kind: 'user', name: token, roles: held, teams: [], leads: [] };
}

/** The header that signs a request in with a role. */
export function as(role: Role): { authorization: string } {
  return { authorization: `Bearer ${role}-token` };
}

/** The JSON object a response holds; rejects when it holds something else. */
export async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json();
  if (typeof value !== 'object' || value === null) throw new TypeError('the answer is not a JSON object');
  return Object.fromEntries(Object.entries(value));
}
