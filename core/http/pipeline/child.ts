import websocket from '@fastify/websocket';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { HttpInstance } from '@orchestrall/sdk';
import { fastify, LogController } from 'fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createServer } from '../../node-http.ts';
import type { Logs } from '../../telemetry/logs.ts';
import type { Tracing } from '../../telemetry/tracing.ts';
import { coreError } from '../../errors.ts';
import { errorFrom } from '../errors/errors-from.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { holderOf } from './identity.ts';
import type { Authentication } from './identity.ts';
import { requestPipeline } from './pipeline.ts';
import type { RateLimits } from './rate-limits.ts';
import { refuse, refuseUpgrade } from './refusal.ts';
import type { Refused } from './refusal.ts';
import { takeSocketToken } from './socket-token.ts';
import { requestIdOf } from './request-id.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { RequestWork } from './request-work.ts';
import type { ActivityCounter } from './request-work.ts';
import { recordUnrouted } from './route-record.ts';
import type { RouteRecord } from './route-record.ts';
import { compileSerializer } from '../body/serializer.ts';
import { Streams } from '../streams/open-streams.ts';
import type { StreamsOptions } from '../streams/open-streams.ts';
import { compileValidator } from '../body/validator.ts';

/** What all children of an appliance share. */
export interface ChildEnvironment {
  readonly logs: Logs;
  readonly authentication: Authentication;
  readonly rateLimits: RateLimits;
  readonly requestMetrics: RequestMetrics;
  readonly streams: Omit<StreamsOptions, 'log' | 'holderOf'>;
  /** From `startTracing`, where the client's YAML asks for it. */
  readonly tracing?: Pick<Tracing, 'startRequest'>;
  /** Does requests with an `Idempotency-Key` once, on routes that are `idempotent`; default never. */
  readonly idempotency?: Idempotency;
  /** Proxies whose `x-forwarded-*` headers are believed, as addresses or CIDR blocks; default none. */
  readonly trustedProxies?: readonly string[];
  /** Default 1,048,576; a route sets its own with `bodyLimit`. */
  readonly bodyLimitBytes?: number;
  /** Fails a request whose answer differs from the route's schema; for tests, default false. */
  readonly checkResponses?: boolean;
}

/** What is of one child alone. */
export interface ChildOptions {
  /** Whose generation it is; undefined for the core's own routes. */
  readonly plugin?: { readonly name: string; readonly generation: number };
  /** Where its routes must lie, such as `/api/v1/crm`; empty allows all. */
  readonly prefixes: readonly string[];
  /** Counts what is in flight; close the child only at zero. */
  readonly activity: ActivityCounter;
}

/** Answers requests; one that comes with a refusal gets that instead of a handler. */
export interface ChildTarget {
  dispatch(request: IncomingMessage, response: ServerResponse, refused?: Refused): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, refused?: Refused): void;
}

/** One Fastify instance behind the gateway, with everything its swap needs. */
export interface Child {
  readonly instance: HttpInstance;
  readonly target: ChildTarget;
  readonly streams: Streams;
  /** Its routes, in the order of their declaration. */
  readonly routes: readonly RouteRecord[];
}

/**
 * Creates the Fastify instance of one generation, or of the core, with the request pipeline in it. It never listens:
 * the gateway hands requests to `target`. Add routes to `instance`, await `instance.ready()`, and call
 * `instance.close()` only when nothing is in flight, since Fastify does not wait for requests.
 */
export async function createChild(environment: ChildEnvironment, options: ChildOptions): Promise<Child> {
  const name = options.plugin === undefined ? 'core.http' : `plugin.${options.plugin.name}.http`;
  const log = environment.logs.logger(name);
  const streams = new Streams({
    ...environment.streams,
    log,
    holderOf: (token) => holderOf(token, environment.authentication),
  });
  const routes: RouteRecord[] = [];
  const upgrades = new WeakSet<IncomingMessage>();
  const refusals = new WeakMap<IncomingMessage, Refused>();
  const isUpgrade = (request: IncomingMessage): boolean => upgrades.has(request);
  const { activity } = options;
  const instance = createInstance(environment, name, (request, reply) => {
    const route = recordUnrouted('(unknown)', environment.requestMetrics);
    return new RequestWork(request, reply, route, { activity, log, isUpgrade });
  });
  // Awaited, so that no route can be declared before the hooks that guard it.
  await instance.register(requestPipeline, {
    plugin: options.plugin,
    prefixes: options.prefixes,
    log,
    authentication: environment.authentication,
    rateLimits: environment.rateLimits,
    requestMetrics: environment.requestMetrics,
    activity,
    streams,
    tracing: environment.tracing,
    idempotency: environment.idempotency,
    routes,
    isUpgrade,
    refusedOf: (request: IncomingMessage) => refusals.get(request),
  });
  await instance.register(websocket, {
    options: { maxPayload: environment.bodyLimitBytes ?? 1_048_576 },
    errorHandler: (error, socket) => {
      if (isPeersFault(error)) {
        // It has been closed with the code of that fault.
        log.info({ reason: error.message }, 'a WebSocket ended: its peer broke the protocol');
        return;
      }
      log.error({ error }, 'a WebSocket failed');
      socket.close(internalError, 'internal error');
    },
  });
  // Without a listener the library answers a broken handshake in HTML.
  instance.websocketServer.on('wsClientError', (error, socket, request) => {
    refuseUpgrade(request, socket, coreError('REQUEST_MALFORMED', { reason: error.message }));
  });
  return {
    instance,
    streams,
    routes,
    target: {
      dispatch: (request, response, refused) => {
        if (refused !== undefined) refusals.set(request, refused);
        instance.routing(request, response);
      },
      upgrade: (request, socket, head, refused) => {
        takeSocketToken(request);
        upgrades.add(request);
        if (refused !== undefined) refusals.set(request, refused);
        instance.server.emit('upgrade', request, socket, head);
      },
    },
  };
}

/** Whether a frame cannot be read: too large, not masked, not UTF-8. Whoever connects can send such. */
function isPeersFault(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
}

/** Close code "internal error" (https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1). */
const internalError = 1011;

/** Fastify's own request lines stay out, since the request pipeline writes one; its warnings do not. */
class QuietLogController extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(): void {}
  override routeNotFound(): void {}
}

function createInstance(
  environment: ChildEnvironment,
  loggerName: string,
  follow: (request: FastifyRequest, reply: FastifyReply) => RequestWork,
): HttpInstance {
  const { trustedProxies = [] } = environment;
  const instance = fastify({
    serverFactory: (handler) => createServer(handler),
    loggerInstance: environment.logs.fastify(loggerName),
    logController: new QuietLogController(),
    // Scope fields come from the asynchronous context, so one logger serves all requests.
    childLoggerFactory: (logger, _bindings, options) =>
      options.level === undefined ? logger : logger.child({}, options),
    genReqId: requestIdOf,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    bodyLimit: environment.bodyLimitBytes ?? 1_048_576,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error, request, reply) => {
      // No hook has seen it.
      request.work = follow(request, reply);
      reply.hijack();
      refuse(request.raw, reply.raw, errorFrom(error, request));
    },
  });
  instance.setValidatorCompiler(compileValidator);
  instance.setSerializerCompiler(compileSerializer(environment.checkResponses ?? false));
  return instance.withTypeProvider<TypeBoxTypeProvider>();
}
