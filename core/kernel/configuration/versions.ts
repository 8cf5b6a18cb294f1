import type { InstalledPlugins } from '../../config/capabilities/installed.ts';
import { snapshotDifference } from '../../config/changes/difference.ts';
import type { ConfigurationSnapshot } from '../../config/changes/snapshot.ts';
import type { ConfigurationVersion, DescribedVersion } from '../../config/changes/version.ts';
import { configApplied } from '../../bus/core-events.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';
import type { EngineTransaction } from '../../database/transaction.ts';

/** A version as it is stored. */
export interface StoredVersion extends ConfigurationVersion {
  /** 1 for the first. */
  readonly version: number;
}

interface VersionRow {
  readonly version: number;
  readonly applied_at: Date;
  readonly author: string | null;
  readonly file: string | null;
  readonly hash: string;
  readonly differences: ConfigurationVersion['differences'];
  readonly waiting: readonly string[];
}

interface LatestRow {
  readonly version: number;
  readonly hash: string;
  readonly content: ConfigurationSnapshot | null;
}

/** How much is kept of versions. */
export interface VersionBounds {
  /** Versions that are kept; default 1,000. */
  readonly versions?: number;
  /** Newest versions that are kept with their content, each at most about as long as the YAML; default 100. */
  readonly contents?: number;
}

/** The configurations that have been in force, in PostgreSQL; the oldest beyond the bounds are removed. */
export class ConfigurationVersions {
  readonly #database: ScopedDatabase;
  readonly #bounds: Required<VersionBounds>;

  constructor(database: ScopedDatabase, { versions = 1_000, contents = 100 }: VersionBounds = {}) {
    this.#database = database;
    this.#bounds = { versions, contents };
  }

  /**
   * Keeps a version with what differs from the newest one, whoever stored that, and emits `config.applied`; nothing when
   * it equals the newest one. Returns the newest number. Of several replicas that keep the same at once one does.
   */
  async keep(described: DescribedVersion, installed: InstalledPlugins): Promise<number> {
    return this.#database.transaction(async (tx) => {
      await tx.query('lock table configuration_versions in share row exclusive mode');
      const [latest] = await tx.query<LatestRow>(
        'select version, hash, content from configuration_versions order by version desc limit 1',
      );
      const { author, file, hash, waiting, snapshot } = described;
      const content = JSON.stringify(snapshot);
      if (latest?.hash === hash) {
        // A version from before contents were kept gets its own, or the next one could not be compared.
        if (latest.content === null) {
          await tx.query('update configuration_versions set content = $2 where version = $1', [
            latest.version,
            content,
          ]);
        }
        return latest.version;
      }
      const differences = snapshotDifference(latest?.content ?? snapshot, snapshot, installed);
      const [added] = await tx.query<{ version: number }>(
        `insert into configuration_versions (author, file, hash, differences, waiting, content)
         values ($1, $2, $3, $4, $5, $6) returning version`,
        [author, file, hash, JSON.stringify(differences), JSON.stringify(waiting), content],
      );
      const version = added?.version ?? 1;
      await this.#trim(tx);
      tx.emit(configApplied, { version, hash, changed: differences.map(({ path }) => path) });
      return version;
    });
  }

  /** Newest first, below `before`. */
  async list(options: { readonly before?: number; readonly limit: number }): Promise<StoredVersion[]> {
    const rows = await this.#database.query<VersionRow>(
      `select version, applied_at, author, file, hash, differences, waiting from configuration_versions
       where version < $1 order by version desc limit $2`,
      [options.before ?? Number.MAX_SAFE_INTEGER, options.limit],
    );
    return rows.map(({ applied_at, ...row }) => ({ ...row, applied_at: applied_at.toISOString() }));
  }

  async #trim(tx: EngineTransaction): Promise<void> {
    await tx.query(
      `delete from configuration_versions where version in
         (select version from configuration_versions order by version desc offset $1)`,
      [this.#bounds.versions],
    );
    await tx.query(
      `update configuration_versions set content = null where content is not null and version in
         (select version from configuration_versions order by version desc offset $1)`,
      [this.#bounds.contents],
    );
  }
}
