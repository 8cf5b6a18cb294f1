import type { CoreStatements } from '../database/transaction.ts';

/** Runs one statement as the core. */
export type Sql = Pick<CoreStatements, 'query'>;

/** A document as it is stored, with its key. */
export interface StoredEntry {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly updated_at: Date;
}

/** A row as watchers see it: `live` false when it is deleted or has expired. */
export interface SeenEntry extends StoredEntry {
  readonly live: boolean;
}

/** Which document is written or deleted, and over which version. */
export interface Write {
  readonly plugin: string;
  readonly key: string;
  /** Undefined writes whatever is there. */
  readonly ifVersion?: number | undefined;
}

const live = '(value is not null and (expires_at is null or expires_at > clock_timestamp()))';

/** The version a compare-and-set sees: 0 when there is no document. */
const currentVersion = `case when known.value is not null
  and (known.expires_at is null or known.expires_at > clock_timestamp()) then known.version else 0 end`;

const entry = 'key, value, version, updated_at';

/** Reads a document; undefined when there is none that is live. */
export async function readEntry(sql: Sql, plugin: string, key: string): Promise<StoredEntry | undefined> {
  const [row] = await sql.query<StoredEntry>({
    name: 'read_state',
    sql: `select ${entry} from core.state where plugin = $1 and key = $2 and ${live}`,
    parameters: [plugin, key],
  });
  return row;
}

/** Writes a document; undefined when `ifVersion` is not the current version. */
export async function putEntry(
  sql: Sql,
  {
    plugin,
    key,
    ifVersion,
    value,
    ttlMs,
  }: Write & { readonly value: string; readonly ttlMs?: number | undefined },
): Promise<StoredEntry | undefined> {
  // Only a write that may find nothing inserts: a row that is missing is no version but 0.
  const statement = ifVersion === undefined || ifVersion === 0 ? insertOrReplace : replace;
  const [row] = await sql.query<StoredEntry>({
    ...statement,
    parameters: [plugin, key, value, ifVersion ?? null, ttlMs ?? null],
  });
  return row;
}

const expiry = `clock_timestamp() + $5::bigint * interval '1 millisecond'`;

const insertOrReplace = {
  name: 'put_state',
  sql: `
insert into core.state as known (plugin, key, value, version, expires_at)
values ($1, $2, $3::jsonb, 1, ${expiry})
on conflict (plugin, key) do update set
  value = excluded.value, version = known.version + 1, updated_at = clock_timestamp(), expires_at = excluded.expires_at
where $4::bigint is null or $4 = ${currentVersion}
returning ${entry}`,
};

const replace = {
  name: 'replace_state',
  sql: `
update core.state known set
  value = $3::jsonb, version = known.version + 1, updated_at = clock_timestamp(), expires_at = ${expiry}
where plugin = $1 and key = $2 and $4::bigint = ${currentVersion}
returning ${entry}`,
};

/** Deletes a document; false when there was none or `ifVersion` is not its version. */
export async function deleteEntry(sql: Sql, { plugin, key, ifVersion }: Write): Promise<boolean> {
  const rows = await sql.query(
    `update core.state known set
      value = null, version = version + 1, updated_at = clock_timestamp(),
      expires_at = clock_timestamp() + interval '1 day'
    where plugin = $1 and key = $2 and ${currentVersion} > 0 and ($3::bigint is null or $3 = ${currentVersion})
    returning key`,
    [plugin, key, ifVersion ?? null],
  );
  return rows.length === 1;
}

/** Documents below a prefix in the order of their keys' code points. */
export function listEntries(
  sql: Sql,
  plugin: string,
  prefix: string,
  after: string | undefined,
  limit: number,
): Promise<StoredEntry[]> {
  return sql.query<StoredEntry>(
    `select ${entry} from core.state
    where plugin = $1 and ${below} and ($3::text is null or key > $3) and ${live}
    order by key limit $4`,
    [plugin, prefix, after ?? null, limit],
  );
}

const below = `key >= $2 and key < $2 || chr(1114111)`;

/** Rows of these keys, deleted and expired ones included. */
export function seeEntries(sql: Sql, plugin: string, keys: readonly string[]): Promise<SeenEntry[]> {
  return sql.query<SeenEntry>(
    `select ${entry}, ${live} as live from core.state where plugin = $1 and key = any ($2)`,
    [plugin, keys],
  );
}

/** Versions of all rows below a prefix, deleted and expired ones included. */
export function seeVersions(
  sql: Sql,
  plugin: string,
  prefix: string,
): Promise<{ readonly key: string; readonly version: number }[]> {
  return sql.query(`select key, version from core.state where plugin = $1 and ${below}`, [plugin, prefix]);
}

/** Turns expired documents into rows without a value, and removes those whose day is over. */
export async function sweepState(sql: Sql): Promise<void> {
  await sql.query(
    `with old as (
      select plugin, key, value is null as empty from core.state
      where expires_at < clock_timestamp() order by expires_at limit 5000 for update skip locked
    ), emptied as (
      update core.state known set
        value = null, version = known.version + 1, expires_at = clock_timestamp() + interval '1 day'
      from old where known.plugin = old.plugin and known.key = old.key and not old.empty
    )
    delete from core.state known using old where known.plugin = old.plugin and known.key = old.key and old.empty`,
  );
}
