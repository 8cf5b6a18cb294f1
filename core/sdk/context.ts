import type { Bus } from './bus.ts';
import type { Needs, Services } from './contract.ts';
import type { AuditEntry } from './audit.ts';
import type { Database } from './database.ts';
import type { Directory } from './directory.ts';
import type { EventDefinition } from './events.ts';
import type { History } from './history.ts';
import type { Http } from './http.ts';
import type { Jobs } from './jobs.ts';
import type { Locks } from './locks.ts';
import type { Clock, Flags, Health, Log, Metrics, Timers } from './runtime.ts';
import type { State } from './state.ts';

/**
 * Everything a plugin may have an effect through. What is obtained here is undone, last-in first-out, when the
 * generation stops; a timer, listener, connection or child process obtained elsewhere is a defect.
 */
export interface PluginContext<
  Config,
  Declared extends Needs,
  Emitted extends EventDefinition = EventDefinition,
> {
  /** Which instance this is; `generation` grows by one with each load. */
  readonly plugin: { readonly name: string; readonly version: string; readonly generation: number };
  /** The plugin's section of the client's YAML, validated, defaults filled in. */
  readonly config: Config;
  /** The provider the client's YAML names for this capability; default the manifest's first, else `builtin`. */
  readonly provider: string;
  readonly services: Services<Declared>;
  readonly http: Http;
  readonly bus: Bus<Emitted>;
  readonly state: State;
  readonly database: Database<Emitted>;
  /** Users and teams: whether an id is one, and how it is called. */
  readonly directory: Directory;
  readonly jobs: Jobs<Emitted>;
  readonly locks: Locks;
  readonly flags: Flags;
  readonly timers: Timers;
  /** Audit entries outside a transaction of one's own; prefer `tx.audit`. */
  readonly audit: { record(entry: AuditEntry): Promise<void> };
  /** The plugin's own events and audit entries, for exports of personal data and erasures. */
  readonly history: History;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** `fetch` to the hosts that manifest and client YAML both allow; throws `HOST_NOT_ALLOWED` for others. */
  readonly fetch: typeof globalThis.fetch;
  readonly health: Health;
  /** Aborted when the generation begins to drain. */
  readonly signal: AbortSignal;
  /**
   * Asks the host for a new generation of this plugin, on every replica, such as after an administrator has changed what
   * `setup` reads; `reason` stands in the log. Resolves once the new generation serves here, with what had been stored
   * before the call; wishes at the same time are one. It may be awaited in a request of the old generation, which
   * ends in peace, but not within a transaction, since the new one may have to wait for it.
   * Throws `PLUGIN_RELOAD_FAILED` (503) with the reason when the new one does not become ready: the old one serves on,
   * and the host tries again after growing pauses. Throws `PLUGIN_RELOAD_REFUSED` (503) in `setup` itself, and when the
   * plugin is switched off or the appliance stops.
   */
  readonly reload: (reason: string) => Promise<void>;
  /** Adds an effect of the plugin's own to what is undone at the end, such as a child process or a socket. */
  defer(dispose: () => void | Promise<void>): void;
}
