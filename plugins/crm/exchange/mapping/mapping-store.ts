import type { Transaction } from '@orchestrall/sdk';
import type { Queryable } from '@orchestrall/sdk/resources';
import type { MappingOverrides } from '../../salesforce/mapping/overrides.ts';
import type { ObjectPlan } from '../../sync/plan.ts';

/** What administrators say about the mapping. */
export interface StoredMapping {
  readonly overrides: MappingOverrides;
  readonly updated_at: Date;
  readonly version: number;
}

const columns = 'overrides, updated_at, version';

/** The mapping; `lock` holds it until the transaction ends. */
export async function readMapping(database: Queryable, lock = false): Promise<StoredMapping> {
  const statement = `select ${columns} from sync_mapping ${lock ? 'for update' : ''}`;
  return requireOnly(await database.query<StoredMapping>(statement));
}

/** Writes the mapping at its next version. */
export async function writeMapping(tx: Transaction, overrides: MappingOverrides): Promise<StoredMapping> {
  const statement = `update sync_mapping set overrides = $1, version = version + 1, updated_at = clock_timestamp()
    returning ${columns}`;
  return requireOnly(await tx.query<StoredMapping>(statement, [JSON.stringify(overrides)]));
}

/**
 * Lists from now on what changes of the kinds that are given back. Of a kind that was not until now, every record that
 * came from there is listed, since what changed here meanwhile was not.
 */
export async function writePushed(tx: Transaction, plans: readonly ObjectPlan[]): Promise<void> {
  const kinds = [...new Set(plans.flatMap(({ kind, push }) => (push === 'none' ? [] : [kind])))];
  await tx.query('delete from sync_pushed where kind <> all($1)', [kinds]);
  await tx.query('delete from sync_changes where kind <> all($1)', [kinds]);
  const added = await tx.query<{ kind: string }>(
    'insert into sync_pushed (kind) select unnest($1::text[]) on conflict do nothing returning kind',
    [kinds],
  );
  for (const { kind } of added) {
    const statement = `insert into sync_changes (kind, local_id, version)
      select kind, local_id, 0 from sync_links where kind = $1 and not parted on conflict do nothing`;
    await tx.query(statement, [kind]);
  }
}

function requireOnly(rows: readonly StoredMapping[]): StoredMapping {
  const [row] = rows;
  if (row === undefined) throw new TypeError('the mapping has no row');
  return row;
}
