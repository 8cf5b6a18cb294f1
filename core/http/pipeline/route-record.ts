import type { Access, Role } from '@orchestrall/sdk';
import type { FastifySchema, RouteOptions } from 'fastify';
import { allRoles } from '../../auth/access.ts';
import { coreError } from '../../errors.ts';
import { closeSchema } from '../body/closed-schema.ts';
import type { EndpointMetrics, RequestMetrics } from './request-metrics.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Not counted by the rate limit; for health checks. */
    unlimited?: boolean;
    /** Set by the request pipeline on every route. */
    record?: RouteRecord;
  }
}

/** What the gateway knows of one route: enough to enforce its rule, measure and document it. */
export interface RouteRecord {
  readonly methods: readonly string[];
  /** The pattern, such as `/api/v1/crm/contacts/:id`. */
  readonly endpoint: string;
  readonly access: Access;
  readonly timeoutMs: number;
  readonly unlimited: boolean;
  /** Whether a repeat under the same `Idempotency-Key` gets the answer that was kept. */
  readonly idempotent: boolean;
  readonly websocket: boolean;
  /** Whether it also answers requests that are no upgrade. */
  readonly plain: boolean;
  /** Request schemas are closed: they refuse fields they do not list. */
  readonly schema: FastifySchema | undefined;
  metricsOf(method: string): EndpointMetrics;
}

/** Methods that change something, so that a repeat could change it twice. */
const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const defaultTimeoutMs = 30_000;
const longestTimeoutMs = 2 ** 31 - 1;

/** Describes a route; throws `ROUTE_ACCESS_MISSING` without an access rule and `ROUTE_OUTSIDE_PREFIX` outside. */
export function recordRoute(
  route: RouteOptions,
  prefixes: readonly string[],
  metricsOf: (method: string, endpoint: string) => EndpointMetrics,
): RouteRecord {
  const methods = Array.isArray(route.method) ? route.method : [route.method];
  const place = { method: methods.join(', '), path: route.url };
  const access = route.config?.access;
  if (!isAccess(access)) throw coreError('ROUTE_ACCESS_MISSING', place);
  if (prefixes.length > 0 && !prefixes.some((prefix) => isBelow(route.url, prefix))) {
    throw coreError('ROUTE_OUTSIDE_PREFIX', { ...place, prefixes: prefixes.join(', ') });
  }
  const timeoutMs = route.config?.timeoutMs ?? defaultTimeoutMs;
  return {
    methods,
    endpoint: route.url,
    access,
    timeoutMs: Math.min(Math.max(1, timeoutMs), longestTimeoutMs),
    unlimited: route.config?.unlimited ?? false,
    idempotent: route.config?.idempotent === true && methods.every((method) => changing.has(method)),
    websocket: route.websocket === true || route.wsHandler !== undefined,
    plain: route.websocket !== true,
    schema: route.schema === undefined ? undefined : closeRequest(route.schema),
    metricsOf: methodMetrics(methods, (method) => metricsOf(method, route.url)),
  };
}

/** Stands for a route where there is none: of paths that nobody answers, and of requests that are refused. */
export function recordUnrouted(endpoint: string, metrics: RequestMetrics): RouteRecord {
  return {
    methods: [],
    endpoint,
    access: 'public',
    timeoutMs: defaultTimeoutMs,
    unlimited: false,
    idempotent: false,
    websocket: false,
    plain: true,
    schema: undefined,
    // Paths and methods that somebody made up must not make series without end.
    metricsOf: () => metrics.endpoint('(any)', endpoint),
  };
}

/** Whether the rule is `public`, a role, or a list of at least one role. */
function isAccess(access: Access | undefined): access is Access {
  if (access === undefined) return false;
  if (access === 'public') return true;
  const roles: readonly Role[] = typeof access === 'string' ? [access] : access;
  return roles.length > 0 && roles.every((role) => allRoles.includes(role));
}

function isBelow(url: string, prefix: string): boolean {
  return url === prefix || url.startsWith(`${prefix}/`);
}

function closeRequest(schema: FastifySchema): FastifySchema {
  const { body, querystring } = schema;
  return {
    ...schema,
    ...(body === undefined ? {} : { body: closeSchema(body) }),
    ...(querystring === undefined ? {} : { querystring: closeSchema(querystring) }),
  };
}

function methodMetrics(
  methods: readonly string[],
  metricsOf: (method: string) => EndpointMetrics,
): (method: string) => EndpointMetrics {
  const [only] = methods;
  if (methods.length > 1 || only === undefined) return metricsOf;
  const metrics = metricsOf(only);
  return () => metrics;
}
