import type { HttpInstance } from '@orchestrall/sdk';
import type { FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { isAllowed } from '../../auth/access.ts';
import { authError } from '../../auth/errors.ts';

/** `/metrics` in Prometheus's text format, for the role `system` and, without a token, for this machine. */
export function metricsRoutes(app: HttpInstance, registry: Registry): void {
  app.get(
    '/metrics',
    {
      config: { access: 'public', unlimited: true },
      schema: { operationId: 'getMetrics', summary: 'Prometheus metrics', tags: ['health'] },
    },
    async (request, reply) => {
      if (!isAllowed('system', request.caller) && !isLocal(request)) {
        throw request.caller === undefined
          ? authError('TOKEN_MISSING')
          : authError('ROLE_MISSING', { required: 'system' });
      }
      return reply.header('content-type', registry.contentType).send(await registry.metrics());
    },
  );
}

/** Whether caller and connection are of this machine: behind an unknown proxy the address alone proves nothing. */
function isLocal(request: FastifyRequest): boolean {
  const forwarded = request.headers['x-forwarded-for'] ?? request.headers['forwarded'];
  return forwarded === undefined && isLoopback(request.socket.remoteAddress) && isLoopback(request.ip);
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(address);
}
