import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { HealthReport } from '../../telemetry/health.ts';
import { instant, pageOf } from './schemas.ts';

/** Whether requests are to be sent here, with the reason when not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** The service registry and the state of the appliance as these routes see them. */
export interface HealthSource {
  readonly version: string;
  /** Runs the checks; never rejects, and ends within their time limits. */
  read(): Promise<HealthReport>;
  /** Asks what nothing can be served without; never rejects, and ends within the check's time limit. */
  readiness(): Promise<Readiness>;
  /** Figures of the appliance, such as `uptime_seconds` and `total_requests`. */
  metrics(): Readonly<Record<string, number>>;
}

const Status = Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]);
const Component = Type.Object({
  name: Type.String(),
  status: Status,
  reason: Type.Union([Type.String(), Type.Null()]),
  checked_at: instant,
  duration_ms: Type.Number(),
});
const Health = Type.Object({
  status: Status,
  timestamp: instant,
  version: Type.String(),
  components: Type.Record(Type.String(), Status),
  metrics: Type.Record(Type.String(), Type.Number()),
  details: Type.Optional(Type.Array(Component, { description: 'Only for signed-in callers.' })),
});
const ReadinessReply = Type.Object({ status: Type.String(), reason: Type.Optional(Type.String()) });

/** `/health`, `/health/live`, `/health/ready` and `/api/v1/system/services`. */
export function healthRoutes(app: HttpInstance, source: HealthSource): void {
  const config = { access: 'public', unlimited: true } as const;
  app.get(
    '/health',
    {
      config,
      schema: {
        operationId: 'getHealth',
        summary: 'Health of the appliance',
        tags: ['health'],
        response: { 200: Health, 503: Health },
      },
    },
    async (request, reply) => {
      const report = await source.read();
      const signedIn = request.caller !== undefined;
      return reply.code(report.status === 'unhealthy' ? 503 : 200).send({
        status: report.status,
        timestamp: new Date().toISOString(),
        version: source.version,
        components: Object.fromEntries([...report.components].map(([name, { status }]) => [name, status])),
        metrics: { ...source.metrics() },
        ...(signedIn ? { details: components(report) } : {}),
      });
    },
  );

  app.get(
    '/health/live',
    {
      config,
      schema: {
        operationId: 'getLiveness',
        summary: 'Whether the process runs',
        tags: ['health'],
        response: { 200: ReadinessReply },
      },
    },
    async () => ({ status: 'alive' }),
  );

  app.get(
    '/health/ready',
    {
      config,
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether requests are to be sent here',
        tags: ['health'],
        response: { 200: ReadinessReply, 503: ReadinessReply },
      },
    },
    async (_request, reply) => {
      const readiness = await source.readiness();
      if (readiness.ready) return { status: 'ready' };
      return reply.code(503).send({ status: 'not ready', reason: readiness.reason });
    },
  );

  app.get(
    '/api/v1/system/services',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listServices',
        summary: 'Lists backends and plugins with their health',
        tags: ['system'],
        response: { 200: pageOf(Component) },
      },
    },
    async () => ({ items: components(await source.read()), next_cursor: null }),
  );
}

function components(report: HealthReport): Static<typeof Component>[] {
  return [...report.components].map(([name, { status, reason, checkedAt, durationMs }]) => ({
    name,
    status,
    reason: reason ?? null,
    checked_at: checkedAt.toISOString(),
    duration_ms: Math.round(durationMs * 10) / 10,
  }));
}
