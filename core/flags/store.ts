import { currentScope } from '../telemetry/scope.ts';
import type { EngineTransaction } from '../database/transaction.ts';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import type { FlagSources, Setting } from './decide.ts';
import { flagChanged } from './events.ts';

/** What PostgreSQL keeps of a flag; the environment's overrides are the process's own. */
export type StoredFlag = Omit<FlagSources, 'environment'>;

interface FlagRow {
  readonly name: string;
  readonly yaml_enabled: boolean | null;
  readonly yaml_changed_at: Date | null;
  readonly admin_enabled: boolean | null;
  readonly admin_changed_at: Date | null;
  readonly admin_by: string | null;
  readonly killed_at: Date | null;
  readonly killed_by: string | null;
}

/** Whether a flag is on, given what is stored of it; adds what only the process knows. */
export type Decided = (name: string, stored: StoredFlag) => boolean;

/** Channel on which replicas tell each other that flags have changed. */
export const flagChannel = 'orchestrall_flags';

/**
 * The flag table. Every change is one transaction with its event and the word to the replicas; an administrator's also
 * with its audit entry. What the YAML changes stands in the versions of the configuration.
 */
export class FlagStore {
  readonly #database: ScopedDatabase;

  constructor(database: ScopedDatabase) {
    this.#database = database;
  }

  /** Every flag that has a value or a pulled kill switch. */
  async load(): Promise<Map<string, StoredFlag>> {
    const rows = await this.#database.query<FlagRow>(
      `select * from flags
       where yaml_enabled is not null or admin_enabled is not null or killed_at is not null`,
    );
    return new Map(rows.map((row) => [row.name, storedFlag(row)]));
  }

  /**
   * Takes over the client's YAML: a flag whose value this edit changed is an explicit change as of now, the
   * others keep their instant, those that are gone from it lose their value. `decided` tells what then holds.
   */
  async applyYaml(values: ReadonlyMap<string, boolean>, decided: Decided): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const names = [...values.keys()];
      const changed = await tx.query<{ name: string; yaml_enabled: boolean }>(
        `insert into flags (name, yaml_enabled, yaml_changed_at)
         select name, enabled, clock_timestamp() from unnest($1::text[], $2::boolean[]) as given (name, enabled)
         on conflict (name) do update
           set yaml_enabled = excluded.yaml_enabled, yaml_changed_at = excluded.yaml_changed_at
           where flags.yaml_enabled is distinct from excluded.yaml_enabled
         returning name, yaml_enabled`,
        [names, [...values.values()]],
      );
      const gone = await tx.query<FlagRow>(
        `update flags set yaml_enabled = null, yaml_changed_at = null
         where yaml_enabled is not null and not name = any ($1::text[]) returning *`,
        [names],
      );
      for (const row of gone) {
        const enabled = decided(row.name, storedFlag(row));
        tx.emit(flagChanged, { name: row.name, enabled, source: 'yaml' }, { subject: row.name });
      }
      for (const { name, yaml_enabled } of changed) {
        tx.emit(flagChanged, { name, enabled: yaml_enabled, source: 'yaml' }, { subject: name });
      }
      if (changed.length + gone.length > 0) await tell(tx, '*');
    });
  }

  /** An administrator's explicit change. */
  async set(name: string, enabled: boolean): Promise<void> {
    await this.#change(name, 'admin', enabled, async (tx) => {
      await tx.query(
        `insert into flags (name, admin_enabled, admin_changed_at, admin_by) values ($1, $2, clock_timestamp(), $3)
         on conflict (name) do update set admin_enabled = excluded.admin_enabled,
           admin_changed_at = excluded.admin_changed_at, admin_by = excluded.admin_by`,
        [name, enabled, currentScope().caller?.name ?? null],
      );
    });
  }

  /** Takes an administrator's change back, if there is one. `decided` tells what then holds. */
  async withdraw(name: string, decided: Decided): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const [before] = await tx.query<FlagRow>('select * from flags where name = $1 for update', [name]);
      if (before === undefined || before.admin_enabled === null) return;
      await tx.query(
        'update flags set admin_enabled = null, admin_changed_at = null, admin_by = null where name = $1',
        [name],
      );
      const source = 'admin_withdrawn';
      const enabled = decided(name, { ...storedFlag(before), admin: undefined });
      tx.emit(flagChanged, { name, enabled, source }, { subject: name });
      tx.audit({
        action: 'flag.changed',
        subjectType: 'flag',
        subjectId: name,
        before: { enabled: before.admin_enabled, source: 'admin' },
        after: { enabled, source },
      });
      await tell(tx, name);
    });
  }

  /** Pulls the kill switch, or lets go of it. */
  async kill(name: string, killed: boolean): Promise<void> {
    await this.#change(name, 'kill_switch', !killed, async (tx) => {
      await tx.query(
        `insert into flags (name, killed_at, killed_by) values ($1, case when $2 then clock_timestamp() end, $3)
         on conflict (name) do update set killed_at = excluded.killed_at, killed_by = excluded.killed_by`,
        [name, killed, killed ? (currentScope().caller?.name ?? null) : null],
      );
    });
  }

  async #change(
    name: string,
    source: 'admin' | 'kill_switch',
    enabled: boolean,
    write: (tx: EngineTransaction) => Promise<void>,
  ): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await write(tx);
      tx.emit(flagChanged, { name, enabled, source }, { subject: name });
      tx.audit({ action: 'flag.changed', subjectType: 'flag', subjectId: name, after: { enabled, source } });
      await tell(tx, name);
    });
  }
}

async function tell(tx: EngineTransaction, name: string): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [flagChannel, name]);
}

function storedFlag(row: FlagRow): StoredFlag {
  return {
    yaml: setting(row.yaml_enabled, row.yaml_changed_at),
    admin: setting(row.admin_enabled, row.admin_changed_at, row.admin_by),
    kill: row.killed_at === null ? undefined : { changedAt: row.killed_at, by: row.killed_by ?? undefined },
  };
}

function setting(
  enabled: boolean | null,
  changedAt: Date | null,
  by: string | null = null,
): Setting | undefined {
  if (enabled === null || changedAt === null) return undefined;
  return { enabled, changedAt, by: by ?? undefined };
}
