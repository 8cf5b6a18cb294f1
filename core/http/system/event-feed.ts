import type { HttpInstance, WebSocket } from '@orchestrall/sdk';
import Type from 'typebox';
import { parsePattern } from '../../bus/pattern.ts';
import type { StreamItem, StreamOptions } from '../../bus/streams.ts';
import { principalsOf } from '../pipeline/caller-principals.ts';

/** The bus as the feed sees it. */
export interface EventSource {
  /** Highest position seen: a stream opened now begins behind it. */
  readonly position: number;
  /** Throws `EVENT_PATTERN_INVALID`; ends with an item of kind `end`, or silently after `signal`. */
  openStream(options: StreamOptions): AsyncIterable<StreamItem>;
}

/** Close code "going away" (https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1), and those of IANA's list. */
const goingAway = 1001;
const serviceRestart = 1012;
const tryAgainLater = 1013;

const FeedQuery = Type.Object({
  pattern: Type.String({ minLength: 1, maxLength: 200, default: '**', description: '`contact.*`, `**`' }),
  after: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Goes on behind this position.',
    }),
  ),
});
const ResumeHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
});

/**
 * `/sse/events` and `/ws/events`: what happens, as it happens, to callers who may see it. Both go on behind `after`,
 * the one also behind `Last-Event-ID`, with nothing missed, or say `reset` when the history reaches back less far.
 * Both end with the token they were opened with: the one with `end` and `token_ended`, the other with 1008. When the
 * caller has joined or left a team they end with `teams_changed`, the other with 1012: what they show has changed.
 * A browser opens the WebSocket with the subprotocols `orchestrall.events` and `bearer.<token>`.
 */
export function eventFeedRoutes(app: HttpInstance, events: EventSource): void {
  app.get(
    '/sse/events',
    {
      config: { access: ['viewer', 'system'] },
      schema: {
        operationId: 'streamEvents',
        summary: 'Streams events as server-sent events',
        description:
          'Each message has the position as id, the type as event and the CloudEvents envelope as data. The stream ' +
          'ends with the access token it was opened with, at its expiry or soon after it was revoked: with the event ' +
          '`end` and the reason `token_ended`. Go on with a new token and `Last-Event-ID`; nothing is missed. A change of ' +
          'the caller\u2019s teams ends it soon as well, with the reason `teams_changed`: go on with the same token.',
        tags: ['events'],
        querystring: FeedQuery,
        headers: ResumeHeaders,
      },
    },
    async (request, reply) => {
      const resumed = request.headers['last-event-id'];
      const { pattern } = request.query;
      const after = resumed === undefined ? request.query.after : Number(resumed);
      const abort = new AbortController();
      // Opened before the answer begins, so that a bad pattern is answered as such.
      const { position } = events;
      const items = events.openStream({
        pattern,
        after,
        principals: principalsOf(request.caller),
        signal: abort.signal,
      });
      const stream = reply.sse();
      stream.signal.addEventListener('abort', () => abort.abort(), { once: true });
      if (stream.signal.aborted) abort.abort();
      // So that who has had no message yet when the stream ends goes on here as well.
      if (after === undefined) stream.mark(String(position));
      for await (const item of items) {
        const flowing = stream.send(messageOf(item));
        if (!flowing) await stream.drained();
      }
      stream.end();
    },
  );

  app.get(
    '/ws/events',
    {
      websocket: true,
      config: { access: ['viewer', 'system'] },
      schema: { querystring: FeedQuery },
      // While a refusal still has the form of every other; the upgraded socket could only be closed.
      preHandler: async (request) => void parsePattern(request.query.pattern),
    },
    async (socket, request) => {
      const abort = new AbortController();
      socket.on('close', () => abort.abort());
      const { pattern, after } = request.query;
      const options = { pattern, after, principals: principalsOf(request.caller), signal: abort.signal };
      for await (const item of events.openStream(options)) {
        if (item.kind === 'end') socket.close(closeCodes[item.reason], item.reason);
        else await write(socket, JSON.stringify(messageOf(item)));
      }
    },
  );
}

const closeCodes = {
  slow_reader: tryAgainLater,
  server_shutdown: serviceRestart,
  database_unavailable: goingAway,
} as const;

function messageOf(item: StreamItem): { id?: string; event: string; data: unknown } {
  switch (item.kind) {
    case 'end':
      return { event: item.reason, data: { reason: item.reason } };
    case 'reset':
      return {
        id: String(item.position),
        event: 'reset',
        data: { position: item.position, oldest: item.oldest },
      };
    default: {
      const { position, type } = item.event;
      return { ...(position === undefined ? {} : { id: String(position) }), event: type, data: item.event };
    }
  }
}

/** Resolves when the message has left, so that a slow reader slows its own stream only. */
async function write(socket: WebSocket, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    // A failed write comes with the socket's close, which ends the stream.
    socket.send(text, () => resolve());
  });
}
