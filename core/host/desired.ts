/** What the operator wants of one plugin, derived from flags and configuration. */
export interface DesiredPlugin {
  readonly enabled: boolean;
  /** Provider that the client's YAML names; undefined means the manifest's first. */
  readonly provider: string | undefined;
  /** The plugin's own section of the client's YAML as written; validated against the version that is loaded. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Desired state by plugin name; plugins that are not named are off. */
export type Desired = ReadonlyMap<string, DesiredPlugin>;

/** What a rollback leaves behind: stay at `version` until something newer than `above` arrives. */
export interface VersionHold {
  readonly version: string;
  readonly above: string;
}

/** What the host must remember of a plugin across restarts and share between replicas. */
export interface PluginRecord {
  readonly name: string;
  /** Highest version whose migrations have been applied. */
  readonly highestVersion: string | undefined;
  /** Oldest version that code may go back to over those migrations. */
  readonly rollbackFloor: string | undefined;
  /** Version that served last, or does now. */
  readonly servedVersion: string | undefined;
  /** Version that served before that one. */
  readonly previousVersion: string | undefined;
  readonly hold: VersionHold | undefined;
  /** How often it has asked for a new generation of itself. */
  readonly reloads: number;
}

/** The record of a plugin that has never run. */
export function emptyRecord(name: string): PluginRecord {
  return {
    name,
    highestVersion: undefined,
    rollbackFloor: undefined,
    servedVersion: undefined,
    previousVersion: undefined,
    hold: undefined,
    reloads: 0,
  };
}

/** What becomes of a record, given it as it is stored; undefined changes nothing. It may be asked more than once. */
export type RecordChange = (record: PluginRecord) => Partial<PluginRecord> | undefined;

/** Keeps plugin records; on PostgreSQL, and a fake for unit tests. */
export interface HostStore {
  load(): Promise<ReadonlyMap<string, PluginRecord>>;
  /**
   * Changes a record so that no change of another replica is lost, and tells the replicas; returns it as it is stored
   * then. Throws what `change` throws, and stores nothing.
   */
  change(name: string, change: RecordChange): Promise<PluginRecord>;
}
