import type { AppError, Caller } from '@orchestrall/sdk';
import fastifyPlugin from 'fastify-plugin';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { networkOf } from '../../auth/network.ts';
import { coreError } from '../../errors.ts';
import type { CoreLog } from '../../telemetry/logs.ts';
import { messageOf } from '../../telemetry/error-message.ts';
import { withScope } from '../../telemetry/scope.ts';
import { childTraceparent, parseTraceparent } from '../../telemetry/traces.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import { allowedMethods } from './allowed-methods.ts';
import { errorFrom } from '../errors/errors-from.ts';
import { openEventStream } from '../streams/event-stream.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { identify } from './identity.ts';
import type { Authentication, Identity } from './identity.ts';
import { refuseEncodedBody } from '../body/content-encoding.ts';
import { parseJsonBodies } from '../body/json-parser.ts';
import { pathOf, problemHeaders, problemOf, problemType } from '../errors/problem.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { RequestWork } from './request-work.ts';
import type { ActivityCounter } from './request-work.ts';
import { recordRoute, recordUnrouted } from './route-record.ts';
import type { RouteRecord } from './route-record.ts';
import { responseHeaders } from './response-headers.ts';
import type { Refused } from './refusal.ts';
import { guardSocketRoute } from '../streams/socket-guard.ts';
import type { Streams } from '../streams/open-streams.ts';
import { whenBodyIsKnown } from '../body/unread-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** How the pipeline follows this request. */
    work: RequestWork | undefined;
    /** The caller with its token. */
    identity: Identity | undefined;
  }
}

/** Whose requests the pipeline sees, and what it asks and tells about them. */
export interface PipelineOptions {
  /** Whose routes these are; undefined for the core's own. */
  readonly plugin: { readonly name: string; readonly generation: number } | undefined;
  /** Where the routes must lie; empty allows all. */
  readonly prefixes: readonly string[];
  readonly log: CoreLog;
  readonly authentication: Authentication;
  readonly rateLimits: RateLimits;
  readonly requestMetrics: RequestMetrics;
  readonly activity: ActivityCounter;
  readonly streams: Streams;
  /** Makes a span of each request; absent unless traces are sent somewhere. */
  readonly tracing: Pick<Tracing, 'startRequest'> | undefined;
  /** Absent where no answers are kept: the header `Idempotency-Key` then does nothing. */
  readonly idempotency: Idempotency | undefined;
  /** Filled with each route as it is declared. */
  readonly routes: RouteRecord[];
  /** Whether the request came through the server's `upgrade` event. */
  readonly isUpgrade: (request: IncomingMessage) => boolean;
  /** Why the request gets no handler, whatever routes there are; undefined for one that is to be served. */
  readonly refusedOf: (request: IncomingMessage) => Refused | undefined;
}

/**
 * What every request passes, in the core as in each plugin: identity and role, rate limit, scope, time limit, one form
 * of error, one log line, metrics.
 */
export const requestPipeline = fastifyPlugin(
  async (app: FastifyInstance, options: PipelineOptions) => {
    parseJsonBodies(app);
    app.decorateRequest('caller');
    app.decorateRequest('identity');
    app.decorateRequest('work');
    app.decorateReply('sse', function sse(this: FastifyReply) {
      const stream = openEventStream(this, options.streams, this.request.identity);
      this.request.work?.becomeStream(() => stream.end('internal_error'));
      return stream;
    });
    const unknown = recordUnrouted('(unknown)', options.requestMetrics);
    app.addHook('onRoute', (route) => {
      const record = recordRoute(route, options.prefixes, (method, endpoint) =>
        options.requestMetrics.endpoint(method, endpoint),
      );
      options.routes.push(record);
      route.config = { ...route.config, record };
      if (record.schema !== undefined) route.schema = record.schema;
      if (record.websocket) guardSocketRoute(route, options);
      if (record.plain) trackHandler(route, options.log);
      if (record.idempotent) options.idempotency?.guard(route, options.plugin?.name ?? 'core');
    });
    app.addHook('onRequest', (request, reply, done) => {
      const refused = options.refusedOf(request.raw);
      const route =
        refused === undefined
          ? (request.routeOptions.config.record ?? unknown)
          : recordUnrouted(refused.endpoint, options.requestMetrics);
      request.work = new RequestWork(request, reply, route, options);
      reply.headers(responseHeaders);
      reply.header('x-request-id', request.id);
      // Fastify's hook ends by a call, which must be made inside the scope so that the handler runs there.
      /* oxlint-disable promise/no-callback-in-promise */
      enter(request, reply, { route, refused }, options).then(
        (scope) =>
          withScope(scope, () => (request.is404 ? answerUnknown(request, reply, options.routes) : done())),
        (error: Error) => done(error),
      );
      /* oxlint-enable promise/no-callback-in-promise */
    });
    app.setErrorHandler((thrown, request, reply) => {
      const error = errorFrom(thrown, request);
      if (error.status >= 500 && options.refusedOf(request.raw) === undefined) {
        logFailure(error, options.log);
      }
      whenBodyIsKnown(request.raw, reply.raw, (close) => {
        if (close || options.isUpgrade(request.raw)) reply.header('connection', 'close');
        void reply
          .code(error.status)
          .headers(problemHeaders(error))
          .header('content-type', problemType)
          .send(JSON.stringify(problemOf(error, request)));
      });
    });
    // Answered before its body is read; this is for plugins that call `reply.callNotFound()`.
    app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, options.routes));
  },
  { name: 'orchestrall-request-pipeline', fastify: '5.x' },
);

/** Lets a request in: resolves with the scope its handler runs in, rejects with the error to answer. */
async function enter(
  request: FastifyRequest,
  reply: FastifyReply,
  { route, refused }: { readonly route: RouteRecord; readonly refused: Refused | undefined },
  options: PipelineOptions,
): Promise<Parameters<typeof withScope>[0]> {
  const { headers } = request;
  if (refused?.immediate === true) throw refused.error;
  let caller: Caller | undefined;
  try {
    if (route.access !== 'public' || headers.authorization !== undefined) {
      request.identity = await identify(headers, route.access, options.authentication);
      caller = request.identity?.caller;
      request.caller = caller;
    }
  } finally {
    // Refused callers count too, by their address: else tokens could be tried without end.
    if (options.rateLimits.active && !route.unlimited) {
      const key = caller === undefined ? `address:${networkOf(request.ip)}` : `caller:${caller.id}`;
      reply.headers((await options.rateLimits.consume(key)) ?? {});
    }
  }
  if (refused !== undefined) throw refused.error;
  if (request.url.includes('%00')) throw coreError('REQUEST_MALFORMED', { reason: 'the URL holds U+0000' });
  if (!request.is404) refuseEncodedBody(request.raw);
  const upgrade = options.isUpgrade(request.raw);
  if (upgrade && !route.websocket && !request.is404) {
    throw coreError('UPGRADE_NOT_SUPPORTED', { protocol: headers.upgrade ?? 'websocket' });
  }
  if (!upgrade && !route.plain) throw coreError('UPGRADE_REQUIRED', { headers: { upgrade: 'websocket' } });
  const trace = parseTraceparent(headers.traceparent?.toString());
  const { method } = request;
  const { endpoint } = route;
  const span = options.tracing?.startRequest({
    method,
    endpoint,
    parent: trace,
    plugin: options.plugin?.name,
  });
  if (span !== undefined) request.work?.follow(span);
  const traceparent = span?.traceparent ?? (trace === undefined ? undefined : childTraceparent(trace));
  if (traceparent !== undefined) reply.header('traceparent', traceparent);
  return {
    plugin: options.plugin?.name,
    generation: options.plugin?.generation,
    correlationId: request.id,
    traceparent,
    caller,
    remoteAddress: request.ip,
  };
}

/** `OPTIONS` of a known path gets its methods, another method 405 with them, everything else 404. */
function answerUnknown(request: FastifyRequest, reply: FastifyReply, routes: readonly RouteRecord[]): void {
  const { method } = request;
  const path = pathOf(request.url);
  const methods = allowedMethods(routes, path);
  const allow = methods.join(', ');
  if (allow !== '' && method === 'OPTIONS') void reply.code(204).header('allow', allow).send();
  // A slash at the end fits some routes only, and then it is not the method that is wrong.
  else if (allow === '' || methods.includes(method))
    void reply.send(coreError('ROUTE_NOT_FOUND', { method, path }));
  else void reply.send(coreError('METHOD_NOT_ALLOWED', { method, path, allow }));
}

/** Makes the handler's promise a part of the request's work. */
function trackHandler(route: RouteOptions, log: CoreLog): void {
  const { handler } = route;
  route.handler = function track(request, reply) {
    try {
      const result: unknown = handler.call(this, request, reply);
      if (isPromise(result)) request.work?.handle(result);
      return result;
    } catch (error) {
      if (!reply.sent) throw error;
      // Fastify would log that an answer is under way, and not what was thrown.
      log.error({ error }, 'a handler failed after its answer had begun');
      request.work?.fail();
      return undefined;
    }
  };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * A mistake is logged with its trace. What is refused by design while a part is away or full has no place in the code
 * to look for, and comes once a request: it must not fill the disk that is full.
 */
function logFailure(error: AppError, log: CoreLog): void {
  const { code, status, cause } = error;
  if (status === 500) log.error({ code, error: cause ?? error }, 'a request failed');
  else log.warn({ code, reason: messageOf(cause ?? error) }, 'a request was refused');
}
