import type {
  AuditEntry,
  Bus,
  Clock,
  Database,
  Directory,
  EventDefinition,
  Flags,
  Health,
  HealthResult,
  History,
  Jobs,
  Locks,
  Log,
  Metrics,
  State,
} from '@orchestrall/sdk';
import type { Child, ChildOptions } from '../../http/pipeline/child.ts';
import type { Owner, Registration } from '../../telemetry/owner.ts';
import type { PackageMigration } from '../packages/package.ts';

/** Health checks of one generation, run on demand after a switch. */
export interface OwnedHealth extends Registration<Health> {
  check(): Promise<HealthResult>;
}

/** What the host needs of the rooms below it to build a plugin's context. */
export interface Rooms {
  readonly database: {
    forPlugin(plugin: string): Database;
    /**
     * Makes `extensions` available and then applies what is missing; `allowNewer` tolerates applied migrations that this
     * version does not know.
     */
    migrate(
      plugin: string,
      migrations: readonly PackageMigration[],
      options: { readonly allowNewer: boolean; readonly extensions: readonly string[] },
    ): Promise<void>;
  };
  readonly directory: Directory;
  readonly bus: { forPlugin(owner: Owner, declared: readonly EventDefinition[]): Registration<Bus> };
  readonly jobs: { forPlugin(owner: Owner): Registration<Jobs> };
  readonly locks: { forPlugin(owner: Owner): Locks };
  readonly state: { forPlugin(owner: Owner): Registration<State> };
  readonly audit: { forPlugin(owner: Owner): { record(entry: AuditEntry): Promise<void> } };
  readonly history: { forPlugin(owner: Owner): History };
  readonly flags: { forPlugin(owner: Owner): Registration<Flags> };
  readonly metrics: { forPlugin(owner: Owner): Registration<Metrics> };
  readonly health: { forPlugin(owner: Owner): OwnedHealth };
  readonly log: (owner: Owner) => Log;
  readonly clock: Clock;
  /** Hosts that the client's YAML allows this plugin now. */
  readonly allowedHosts: (plugin: string) => readonly string[];
  readonly createChild: (options: ChildOptions) => Promise<Child>;
}
