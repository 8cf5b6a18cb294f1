import type { ScopedDatabase } from '../database/scoped-database.ts';
import { emptyRecord, type HostStore, type PluginRecord } from './desired.ts';

interface PluginRow {
  readonly name: string;
  readonly highest_version: string | null;
  readonly rollback_floor: string | null;
  readonly served_version: string | null;
  readonly previous_version: string | null;
  readonly hold_version: string | null;
  readonly hold_above: string | null;
  readonly reloads: number;
}

/** Channel on which replicas tell each other of which plugin a record has changed. */
export const recordsChannel = 'orchestrall_plugin_records';

/** The host's memory in PostgreSQL. */
export function createHostStore(database: ScopedDatabase): HostStore {
  return {
    async load() {
      const rows = await database.query<PluginRow>('select * from plugins');
      return new Map(rows.map((row) => [row.name, recordOf(row)]));
    },
    async change(name, change) {
      return database.transaction(async (tx) => {
        // A first row must be there to be locked.
        await tx.query('insert into plugins (name) values ($1) on conflict (name) do nothing', [name]);
        const [row] = await tx.query<PluginRow>('select * from plugins where name = $1 for update', [name]);
        const stored = row === undefined ? emptyRecord(name) : recordOf(row);
        const changed = change(stored);
        if (changed === undefined) return stored;
        const record = { ...stored, ...changed };
        await tx.query(
          `update plugins set highest_version = $2, rollback_floor = $3, served_version = $4,
             previous_version = $5, hold_version = $6, hold_above = $7, reloads = $8 where name = $1`,
          [
            name,
            record.highestVersion ?? null,
            record.rollbackFloor ?? null,
            record.servedVersion ?? null,
            record.previousVersion ?? null,
            record.hold?.version ?? null,
            record.hold?.above ?? null,
            record.reloads,
          ],
        );
        await tx.query('select pg_notify($1, $2)', [recordsChannel, name]);
        return record;
      });
    },
  };
}

function recordOf(row: PluginRow): PluginRecord {
  const { hold_version: version, hold_above: above } = row;
  return {
    name: row.name,
    highestVersion: row.highest_version ?? undefined,
    rollbackFloor: row.rollback_floor ?? undefined,
    servedVersion: row.served_version ?? undefined,
    previousVersion: row.previous_version ?? undefined,
    hold: version === null || above === null ? undefined : { version, above },
    reloads: row.reloads,
  };
}
