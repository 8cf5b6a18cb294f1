import { fastifySwagger } from '@fastify/swagger';
import { fastify } from 'fastify';
import type { FastifySchema, HTTPMethods } from 'fastify';
import type { RouteRecord } from '../pipeline/route-record.ts';
import { OperationIds } from './operation-ids.ts';
import { problemComponents, problemResponses } from './problem-responses.ts';

/** What the document says of the appliance. */
export interface DocumentOptions {
  readonly version: string;
  /** Where the appliance is reached, such as `https://appliance.example.com`; default where the document is from. */
  readonly publicUrl?: string;
}

/**
 * The OpenAPI 3.1 document of these routes. It is built in a Fastify instance that serves nothing and is closed again,
 * since the routes themselves belong to instances that come and go.
 */
export async function openApiDocument(
  routes: readonly RouteRecord[],
  options: DocumentOptions,
): Promise<object> {
  const app = fastify({ exposeHeadRoutes: false });
  try {
    await app.register(fastifySwagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Orchestrall',
          version: options.version,
          description: 'The REST API of this appliance.',
        },
        servers: [{ url: options.publicUrl ?? '/' }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      },
      convertConstToEnum: false,
    });
    // Nothing is served, so nothing is to be compiled.
    app.setValidatorCompiler(() => () => true);
    app.setSerializerCompiler(() => JSON.stringify);
    const ids = new OperationIds(routes.flatMap((route) => operationIdOf(route) ?? []));
    const problems = new Map<string, ReturnType<typeof problemResponses>>();
    for (const route of routes) {
      if (!route.plain) continue;
      for (const method of route.methods.filter(isDocumented)) {
        const operationId = ids.give(method, route.endpoint, operationIdOf(route));
        problems.set(operationId, problemResponses(route));
        const schema = { ...schemaOf(route), operationId };
        app.route({ method, url: route.endpoint, schema, handler: () => undefined });
      }
    }
    await app.ready();
    return withProblems(app.swagger(), problems);
  } finally {
    await app.close();
  }
}

function isDocumented(method: string): method is HTTPMethods {
  return method !== 'HEAD' && method !== 'OPTIONS';
}

function operationIdOf({ schema }: RouteRecord): string | undefined {
  return schema !== undefined && 'operationId' in schema && typeof schema.operationId === 'string'
    ? schema.operationId
    : undefined;
}

function schemaOf(route: RouteRecord): FastifySchema {
  const { schema = {}, access, endpoint, idempotent } = route;
  const roles = typeof access === 'string' ? [access] : access;
  const response = typeof schema.response === 'object' && schema.response !== null ? schema.response : {};
  const note = access === 'public' ? 'Open to everyone.' : `Needs the role ${roles.join(' or ')}.`;
  return {
    tags: [/^(?:\/api\/v\d+)?\/([^/:*]+)/.exec(endpoint)?.[1] ?? 'other'],
    ...schema,
    ...(schema.querystring === undefined ? {} : { querystring: asGiven(schema.querystring) }),
    ...(idempotent ? { headers: withKeyHeader(schema.headers) } : {}),
    description: schema.description === undefined ? note : `${schema.description}\n\n${note}`,
    response: Object.keys(response).length > 0 ? response : { 200: { description: 'Done', type: 'null' } },
    // Said of each, since leaving it out would leave open whether it was forgotten.
    security: access === 'public' ? [] : [{ token: [] }],
  };
}

/** The headers of a route, and the one by which a repeat of its request is known. */
function withKeyHeader(headers: unknown): object {
  const { properties, ...rest } = recordOf(headers);
  const key = {
    type: 'string',
    minLength: 1,
    maxLength: 257,
    description:
      'Up to 255 printable ASCII characters, best a random UUID, in quotes or not. A repeat with the same key, query ' +
      'and body within 24 hours changes nothing and gets the answer of the first, with `Idempotency-Replayed: true`.',
  };
  return { type: 'object', ...rest, properties: { ...recordOf(properties), 'idempotency-key': key } };
}

/** Adds to each operation the problems that its route does not describe itself, by reference to one description. */
function withProblems(
  document: object,
  problems: ReadonlyMap<string, ReturnType<typeof problemResponses>>,
): object {
  const { paths, components, ...rest } = recordOf(document);
  const described = Object.entries(recordOf(paths)).map(([path, item]) => {
    const operations = Object.entries(recordOf(item)).map(([method, operation]) => {
      const { operationId, responses, ...about } = recordOf(operation);
      const known = typeof operationId === 'string' ? problems.get(operationId) : undefined;
      return [method, { operationId, ...about, responses: { ...known, ...recordOf(responses) } }] as const;
    });
    return [path, Object.fromEntries(operations)] as const;
  });
  return {
    ...rest,
    paths: Object.fromEntries(described),
    components: { ...recordOf(components), ...problemComponents },
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** A schema as its sender sees it: what has a default may be left out. */
function asGiven(schema: unknown): unknown {
  if (!isRecord(schema) || !Array.isArray(schema['required']) || !isRecord(schema['properties']))
    return schema;
  const { required, properties } = schema;
  const hasDefault = (name: unknown): boolean => {
    const property = typeof name === 'string' ? properties[name] : undefined;
    return isRecord(property) && 'default' in property;
  };
  return { ...schema, required: required.filter((name) => !hasDefault(name)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
