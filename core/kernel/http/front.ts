import type { Registry } from 'prom-client';
import type { Auth } from '../../auth/auth.ts';
import { realmPath } from '../../auth/provider/paths.ts';
import type { Configuration } from '../../config/configuration.ts';
import { Activity } from '../../host/generation/activity.ts';
import type { DatabaseEngine } from '../../database/engine.ts';
import { Idempotency } from '../../http/idempotency/idempotency.ts';
import { answerPort } from '../../http/idempotency/kept-answers.ts';
import { createChild, type Child, type ChildEnvironment } from '../../http/pipeline/child.ts';
import { Gateway } from '../../http/gateway/gateway.ts';
import type { PrefixEntry } from '../../http/gateway/prefix-table.ts';
import { RateLimits } from '../../http/pipeline/rate-limits.ts';
import { RequestMetrics } from '../../http/pipeline/request-metrics.ts';
import { createStreamMetrics } from '../../http/streams/stream-metrics.ts';
import type { Logs } from '../../telemetry/logs.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import type { Stages } from '../stages.ts';
import { engineVersion } from '../version.ts';

/** The listening side of the appliance. */
export interface HttpFront {
  readonly gateway: Gateway;
  /** The core's own routes. */
  readonly core: Child;
  /** What every child is made with. */
  readonly children: ChildEnvironment;
  readonly rateLimits: RateLimits;
  readonly requests: RequestMetrics;
  /** Puts the plugins' prefixes in place beside the core's own. */
  publish(plugins: readonly PrefixEntry[]): void;
}

/** What the listening side is built from. */
export interface HttpFrontOptions {
  readonly configuration: Configuration;
  readonly auth: Auth;
  /** Where answers to requests with an `Idempotency-Key` are kept. */
  readonly database: DatabaseEngine;
  readonly logs: Logs;
  readonly metrics: Registry;
  /** Ends the sending of traces after everything that was started later. */
  readonly stages: Stages;
}

/** Builds gateway and core routes' instance, and sends traces where the client wants them; nothing listens yet. */
export async function createHttpFront(options: HttpFrontOptions): Promise<HttpFront> {
  const { configuration, auth, database, logs, metrics, stages } = options;
  const { server } = configuration;
  const tracing = await stages.start(
    'traces',
    async () => openTracing(configuration),
    async (sending) => sending?.[Symbol.asyncDispose](),
  );
  const idempotency = new Idempotency({ database: database.core(), log: logs.logger('core.http') });
  database.connectEffects({ answer: answerPort });
  await stages.start(
    'kept answers',
    () => idempotency.start(),
    () => idempotency[Symbol.dispose](),
  );
  const rateLimits = new RateLimits(limitOf(configuration));
  const requests = new RequestMetrics(metrics);
  const children: ChildEnvironment = {
    logs,
    authentication: auth,
    rateLimits,
    requestMetrics: requests,
    streams: { metrics: createStreamMetrics(metrics) },
    idempotency,
    trustedProxies: server.trusted_proxies,
    bodyLimitBytes: server.body_limit,
    ...(tracing === undefined ? {} : { tracing }),
  };
  const core = await createChild(children, { prefixes: [], activity: new Activity() });
  const gateway = new Gateway({
    core: core.target,
    log: logs.logger('core.http'),
    ...(server.tls === undefined ? {} : { tls: server.tls }),
  });
  const { target } = await createIdentityChild(children, auth);
  const identity: PrefixEntry = { prefix: realmPath, target };
  const publish = (plugins: readonly PrefixEntry[]): void => gateway.setTable([identity, ...plugins]);
  publish([]);
  return { gateway, core, children, rateLimits, requests, publish };
}

/** Starts sending traces where the client's YAML says so. */
async function openTracing({ telemetry }: Configuration): Promise<Tracing | undefined> {
  const { enabled, endpoint, headers, environment, sample_ratio: sampleRatio } = telemetry;
  if (!enabled || endpoint === undefined) return undefined;
  // Loaded only here: OpenTelemetry is more than fifty modules.
  const { startTracing } = await import('../../telemetry/tracing.ts');
  return startTracing({ endpoint, headers, environment, sampleRatio, version: engineVersion });
}

/** The rate limit of a configuration, as the HTTP room takes it. */
export function limitOf({ security }: Configuration): { requestsPerMinute: number; burstSize: number } {
  const { requests_per_minute: requestsPerMinute, burst_size: burstSize } = security.rate_limit;
  return { requestsPerMinute, burstSize };
}

/** The identity provider reads requests by itself; it still gets their address, id, limits and counts. */
async function createIdentityChild(children: ChildEnvironment, auth: Auth): Promise<Child> {
  const child = await createChild(children, { prefixes: [realmPath], activity: new Activity() });
  const { instance } = child;
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', (_request, _body, done) => done(null));
  instance.route({
    method: ['GET', 'POST'],
    url: `${realmPath}/*`,
    config: { access: 'public' },
    schema: { hide: true },
    handler: async (request, reply) => {
      // What every answer carries, the request's id and what is left of the limit, goes where the provider writes.
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      await auth.handler(request.raw, reply.raw);
    },
  });
  await instance.ready();
  return child;
}
