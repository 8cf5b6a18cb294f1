import { createHash } from 'node:crypto';
import type { ScopedDatabase } from '../database/scoped-database.ts';
import { currentScope } from '../telemetry/scope.ts';
import type { Desired, HostStore, PluginRecord } from './desired.ts';

interface PluginRow {
  readonly name: string;
  readonly highest_version: string | null;
  readonly rollback_floor: string | null;
  readonly served_version: string | null;
  readonly previous_version: string | null;
  readonly hold_version: string | null;
  readonly hold_above: string | null;
}

/** The host's memory in PostgreSQL. */
export function createHostStore(database: ScopedDatabase): HostStore {
  return {
    async load() {
      const rows = await database.query<PluginRow>('select * from plugins');
      return new Map(rows.map((row) => [row.name, recordOf(row)]));
    },
    async save(record) {
      await database.query(
        `insert into plugins (name, highest_version, rollback_floor, served_version, previous_version,
           hold_version, hold_above)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (name) do update set highest_version = excluded.highest_version,
           rollback_floor = excluded.rollback_floor, served_version = excluded.served_version,
           previous_version = excluded.previous_version,
           hold_version = excluded.hold_version, hold_above = excluded.hold_above`,
        [
          record.name,
          record.highestVersion ?? null,
          record.rollbackFloor ?? null,
          record.servedVersion ?? null,
          record.previousVersion ?? null,
          record.hold?.version ?? null,
          record.hold?.above ?? null,
        ],
      );
    },
    async recordDesired(desired) {
      await database.query(
        `with latest as (select plugins from desired_states order by revision desc limit 1)
         insert into desired_states (plugins, recorded_by)
         select $1::jsonb, $2 where not exists (select from latest where latest.plugins = $1::jsonb)`,
        [JSON.stringify(summaryOf(desired)), currentScope().caller?.name ?? null],
      );
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
  };
}

function summaryOf(desired: Desired): object {
  return Object.fromEntries(
    [...desired].map(([name, { enabled, provider, config }]) => {
      const hash = createHash('sha256').update(JSON.stringify(config)).digest('hex');
      return [name, { enabled, provider: provider ?? null, config_sha256: hash }];
    }),
  );
}
