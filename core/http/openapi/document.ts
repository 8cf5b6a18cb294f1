import { fastifySwagger } from '@fastify/swagger';
import { fastify } from 'fastify';
import type { FastifySchema, HTTPMethods } from 'fastify';
import Type from 'typebox';
import type { RouteRecord } from '../pipeline/route-record.ts';

/** RFC 9457 problem details as every error is answered. */
const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
  code: Type.String(),
  request_id: Type.String(),
  remedy: Type.String(),
  faults: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
});

export interface DocumentOptions {
  readonly version: string;
  /** Where the appliance is reached, such as `https://appliance.example.com`. */
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
        ...(options.publicUrl === undefined ? {} : { servers: [{ url: options.publicUrl }] }),
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      },
      convertConstToEnum: false,
    });
    // Nothing is served, so nothing is to be compiled.
    app.setValidatorCompiler(() => () => true);
    app.setSerializerCompiler(() => JSON.stringify);
    for (const route of routes) {
      const methods = route.methods.filter(isDocumented);
      if (!route.plain || methods.length === 0) continue;
      app.route({ method: methods, url: route.endpoint, schema: schemaOf(route), handler: () => undefined });
    }
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}

function isDocumented(method: string): method is HTTPMethods {
  return method !== 'HEAD' && method !== 'OPTIONS';
}

function schemaOf(route: RouteRecord): FastifySchema {
  const { schema = {}, access } = route;
  const roles = typeof access === 'string' ? [access] : access;
  const response = typeof schema.response === 'object' && schema.response !== null ? schema.response : {};
  const note = access === 'public' ? 'Open to everyone.' : `Needs the role ${roles.join(' or ')}.`;
  return {
    ...schema,
    ...(schema.querystring === undefined ? {} : { querystring: asGiven(schema.querystring) }),
    description: schema.description === undefined ? note : `${schema.description}\n\n${note}`,
    response: {
      ...('200' in response || Object.keys(response).length > 0
        ? response
        : { 200: { description: 'Done', type: 'null' } }),
      default: {
        description: 'Problem details',
        content: { 'application/problem+json': { schema: Problem } },
      },
    },
    ...(access === 'public' ? {} : { security: [{ token: [] }] }),
  };
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
