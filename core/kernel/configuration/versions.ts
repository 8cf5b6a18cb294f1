import type { ConfigurationVersion } from '../../config/changes/version.ts';
import { configApplied } from '../../bus/core-events.ts';
import type { ScopedDatabase } from '../../database/scoped-database.ts';

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

/** The configurations that have been in force, in PostgreSQL. */
export class ConfigurationVersions {
  readonly #database: ScopedDatabase;

  constructor(database: ScopedDatabase) {
    this.#database = database;
  }

  /** Keeps a version and emits `config.applied`, unless it equals the newest one; returns the newest number. */
  async keep(described: ConfigurationVersion): Promise<number> {
    return this.#database.transaction(async (tx) => {
      await tx.query('lock table configuration_versions in share row exclusive mode');
      const [latest] = await tx.query<{ version: number; hash: string }>(
        'select version, hash from configuration_versions order by version desc limit 1',
      );
      if (latest?.hash === described.hash) return latest.version;
      const { author, file, hash, differences, waiting } = described;
      const [added] = await tx.query<{ version: number }>(
        `insert into configuration_versions (author, file, hash, differences, waiting)
         values ($1, $2, $3, $4, $5) returning version`,
        [author, file, hash, JSON.stringify(differences), JSON.stringify(waiting)],
      );
      const version = added?.version ?? 1;
      tx.emit(configApplied, { version, hash, changed: differences.map(({ path }) => path) });
      return version;
    });
  }

  /** Newest first, below `before`. */
  async list(options: { readonly before?: number; readonly limit: number }): Promise<StoredVersion[]> {
    const rows = await this.#database.query<VersionRow>(
      `select * from configuration_versions where version < $1 order by version desc limit $2`,
      [options.before ?? Number.MAX_SAFE_INTEGER, options.limit],
    );
    return rows.map(({ applied_at, ...row }) => ({ ...row, applied_at: applied_at.toISOString() }));
  }
}
