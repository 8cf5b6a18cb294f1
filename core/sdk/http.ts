import type { WebSocket } from '@fastify/websocket';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What a caller may do. `admin` may everything, `operator` includes `viewer`, `system` is for machines
 * (metrics, internal calls) and stands beside them.
 */
export type Role = 'admin' | 'operator' | 'viewer' | 'system';

/** Who is calling. */
export interface Caller {
  /** The token's `sub`, or the API key's id. */
  readonly id: string;
  readonly kind: 'user' | 'service';
  /** User name or client id, for logs and audit. */
  readonly name: string;
  readonly roles: readonly Role[];
  /**
   * Teams the caller belongs to as of this request: ids with the embedded identity provider, the names or paths of its
   * groups with an outside one, 200 at most. A service account has none.
   */
  readonly teams: readonly string[];
  /** Those of `teams` that the caller leads; none with an outside identity provider. */
  readonly leads: readonly string[];
}

/** The route rule each route declares in `config.access`: `public`, or the least role that may call it. */
export type Access = 'public' | Role | readonly Role[];

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Required on every route; a plugin with a route without it fails to load. */
    access?: Access;
    /** Longest run of the handler, milliseconds; default 30,000. Streams and uploads set their own. */
    timeoutMs?: number;
    /**
     * A POST, PUT, PATCH or DELETE with an `Idempotency-Key` header is done once: the answer that its transaction gave to
     * `tx.answer` is kept for 24 hours and sent again to a repeat. Not for routes that answer with a secret, since
     * answers are kept as they are. Callers without a token are not known again, so for them the header does nothing.
     */
    idempotent?: boolean;
  }
  interface FastifyRequest {
    /** Who is calling; undefined on a public route without a token. */
    caller: Caller | undefined;
  }
  interface FastifyReply {
    /**
     * Turns the reply into a server-sent event stream. It ends with `server_shutdown` when the plugin is swapped, and
     * with `end` and the reason `token_ended` when the caller's token has expired or was revoked, `teams_changed` when
     * the caller has joined or left a team.
     */
    sse(): EventStream;
  }
}

/** A server-sent event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  /** Sends one message; false when the reader is slow (wait for `drained`) or gone. */
  send(message: { readonly id?: string; readonly event?: string; readonly data: unknown }): boolean;
  /**
   * Tells the reader where it is without a message, so that one that has had none yet resumes there: `Last-Event-ID`
   * of its next request. Clients keep it by themselves.
   */
  mark(id: string): void;
  /** Resolves when more may be sent. */
  drained(): Promise<void>;
  /** Ends the stream with a last event that names the reason. */
  end(reason?: string): void;
  /** Aborted when the reader leaves or the stream ends; already so where the reader has left before it began. */
  readonly signal: AbortSignal;
}

/**
 * The socket a route with `websocket: true` is given. Its plugin's swap closes it with 1012, the end of its caller's
 * token with 1008 and the reason `token_ended`, a change of its caller's teams with 1012 and `teams_changed`.
 */
export type { WebSocket };

/** The Fastify instance of one plugin generation, with TypeBox types. */
export type HttpInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A request as handlers and hooks outside a route's own types see it. */
export type HttpRequest = FastifyRequest;

/** A reply, likewise. */
export type HttpReply = FastifyReply;

/** The form of each file in `routes/`: its default export. */
export type Routes<Dependencies> = (app: HttpInstance, dependencies: Dependencies) => Promise<void>;

/**
 * The plugin's HTTP side. A route's path is its whole URL, such as `/api/v1/crm/contacts`, and lies below one of the
 * manifest's prefixes; any other throws `ROUTE_OUTSIDE_PREFIX`.
 */
export interface Http {
  /** Serves every file of `routes/`, each given these dependencies. */
  routes(dependencies: object): void;
  /** The instance itself, for hooks, decorators and routes made by code. */
  readonly instance: HttpInstance;
}
