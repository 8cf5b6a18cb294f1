import type { Event, HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { BusEngine } from '../../bus/bus-engine.ts';
import type { Within } from '../../bus/history/dead-letters.ts';
import { HistoryQuery } from '../../bus/history/history.ts';
import type { EventStatistics } from '../../bus/history/statistics.ts';
import { principalsOf } from '../pipeline/caller-principals.ts';
import { instant, pageOf } from './schemas.ts';

/** What these routes need of the bus. */
export type EventSources = Pick<BusEngine, 'history' | 'statistics' | 'replay'>;

/** A CloudEvents 1.0 envelope in JSON. */
const EventEnvelope = Type.Unsafe<Event>(
  Type.Object(
    {
      specversion: Type.Literal('1.0'),
      id: Type.String(),
      source: Type.String(),
      type: Type.String(),
      subject: Type.Optional(Type.String()),
      time: instant,
      datacontenttype: Type.Literal('application/json'),
      data: Type.Unknown(),
      position: Type.Optional(Type.Integer()),
      correlationid: Type.Optional(Type.String()),
      traceparent: Type.Optional(Type.String()),
    },
    { additionalProperties: true },
  ),
);

const Statistics = Type.Unsafe<EventStatistics>(
  Type.Object({
    head: Type.Integer({ description: 'Highest position given.' }),
    oldest: Type.Integer({ description: 'Lowest position the history still holds.' }),
    unstamped: Type.Integer({ description: 'Committed events without a position yet.' }),
    by_type: Type.Array(Type.Object({ type: Type.String(), count: Type.Integer() })),
    by_hour: Type.Array(Type.Object({ hour: instant, count: Type.Integer() })),
    subscriptions: Type.Array(Type.Object({}, { additionalProperties: true })),
  }),
);

const Replay = Type.Object({
  plugin: Type.String({ minLength: 1, maxLength: 100 }),
  subscription: Type.String({ minLength: 1, maxLength: 200 }),
  event_ids: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { minItems: 1, maxItems: 1_000 })),
  from_position: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  to_position: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
});

/** `/api/v1/system/events`: what happened, how much, and once more. */
export function eventRoutes(app: HttpInstance, bus: EventSources): void {
  const tags = ['events'];
  app.get(
    '/api/v1/system/events',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'listEvents',
        summary: 'Searches the history; shows what the caller may see',
        tags,
        querystring: HistoryQuery,
        response: { 200: pageOf(EventEnvelope) },
      },
    },
    async (request) => bus.history.query(request.query, principalsOf(request.caller)),
  );

  app.get(
    '/api/v1/system/events/statistics',
    {
      // Counts tell of every type, also of those a viewer may not see.
      config: { access: 'operator' },
      schema: {
        operationId: 'getEventStatistics',
        summary: 'Counts events and shows how far each subscription is',
        tags,
        querystring: Type.Object({ hours: Type.Integer({ minimum: 1, maximum: 720, default: 24 }) }),
        response: { 200: Statistics },
      },
    },
    async (request) => bus.statistics(request.query.hours),
  );

  app.get(
    '/api/v1/system/events/:id',
    {
      config: { access: 'viewer' },
      schema: {
        operationId: 'getEvent',
        summary: 'Shows an event',
        tags,
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 200: EventEnvelope },
      },
    },
    async (request) => bus.history.get(request.params.id, principalsOf(request.caller)),
  );

  app.post(
    '/api/v1/system/events/replay',
    {
      config: { access: 'admin', timeoutMs: 120_000 },
      schema: {
        operationId: 'replayEvents',
        summary: 'Delivers events to one subscription again: those named, or a stretch of positions',
        tags,
        body: Type.Union([
          Type.Required(Type.Omit(Replay, ['from_position', 'to_position'])),
          Type.Required(Type.Omit(Replay, ['event_ids'])),
        ]),
        response: { 200: Type.Object({ replayed: Type.Integer() }) },
      },
    },
    async (request) => {
      const { plugin, subscription, ...choice } = request.body;
      const within: Within = (tx, count) =>
        tx.audit({
          action: 'events.replayed',
          subjectType: 'subscription',
          subjectId: `${plugin}/${subscription}`,
          after: { ...choice, replayed: count },
        });
      return { replayed: await bus.replay({ plugin, subscription }, choice, within) };
    },
  );
}
