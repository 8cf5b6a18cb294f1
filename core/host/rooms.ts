import type {
  AuditEntry,
  Bus,
  Clock,
  Database,
  EventDefinition,
  Flags,
  Health,
  HealthResult,
  HttpInstance,
  Jobs,
  Locks,
  Log,
  Metrics,
  State,
} from '@orchestrall/sdk';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Owner, Registration } from '../telemetry/owner.ts';
import type { PackageMigration } from './packages/package.ts';

/** The HTTP side of one generation: a Fastify instance that never listens, reached through the gateway. */
export interface ChildServer {
  readonly instance: HttpInstance;
  /** Resolves when routes are compiled; throws when one has no access rule. */
  ready(): Promise<void>;
  dispatch(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends SSE streams (`server_shutdown`) and WebSockets (1012); returns how many. */
  endStreams(reason: string): number;
  /** Destroys what still runs; returns how many requests and streams were cut. */
  cut(): number;
  close(): Promise<void>;
}

/** Health checks of one generation, run on demand after a switch. */
export interface OwnedHealth extends Registration<Health> {
  check(): Promise<HealthResult>;
}

/** What the host needs of the rooms below it to build a plugin's context. */
export interface Rooms {
  readonly database: {
    forPlugin(plugin: string): Database;
    /** Applies what is missing; `allowNewer` tolerates applied migrations that this version does not know. */
    migrate(
      plugin: string,
      migrations: readonly PackageMigration[],
      options: { readonly allowNewer: boolean },
    ): Promise<void>;
  };
  readonly bus: { forPlugin(owner: Owner, declared: readonly EventDefinition[]): Registration<Bus> };
  readonly jobs: { forPlugin(owner: Owner): Registration<Jobs> };
  readonly locks: { forPlugin(owner: Owner): Locks };
  readonly state: { forPlugin(owner: Owner): Registration<State> };
  readonly audit: { forPlugin(owner: Owner): { record(entry: AuditEntry): Promise<void> } };
  readonly flags: { forPlugin(owner: Owner): Registration<Flags> };
  readonly metrics: { forPlugin(owner: Owner): Registration<Metrics> };
  readonly health: { forPlugin(owner: Owner): OwnedHealth };
  readonly log: (owner: Owner) => Log;
  readonly clock: Clock;
  /** Hosts that the client's YAML allows this plugin now. */
  readonly allowedHosts: (plugin: string) => readonly string[];
  createChild(options: { readonly owner: Owner; readonly prefixes: readonly string[] }): Promise<ChildServer>;
}
