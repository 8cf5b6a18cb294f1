import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import type { FieldValue, FieldValues, LocalChange, RecordTarget } from '../provider.ts';
import type { Conflict, Cursor, Link, MissingReference, Rejection, SyncState } from './state.ts';

/** What the state keeps of a sync, and the list of changes made here, both in CRM's own schema. */
export type SqlState = SyncState & Pick<RecordTarget, 'changes' | 'settle'>;

interface LinkRow {
  readonly object: string;
  readonly external_id: string;
  readonly kind: string;
  readonly local_id: string;
  readonly stamp: Date;
  readonly base: FieldValues;
  readonly kept: FieldValues;
  readonly load_id: string | null;
  readonly parted: boolean;
}

const linkColumns = 'object, external_id, kind, local_id, stamp, base, kept, load_id, parted';

/** The state of a sync within one transaction, in the tables `sync_*`. */
export function sqlState(tx: Transaction): SqlState {
  const links = async (where: string, values: readonly unknown[]): Promise<Link[]> =>
    (await tx.query<LinkRow>(`select ${linkColumns} from sync_links where ${where}`, values)).map(toLink);
  return {
    async cursor(object) {
      const statement = 'select cursor from sync_cursors where object = $1 for update';
      return (await tx.query<{ cursor: Cursor }>(statement, [object]))[0]?.cursor;
    },
    async saveCursor(object, cursor) {
      const statement = `insert into sync_cursors (object, cursor) values ($1, $2)
        on conflict (object) do update set cursor = excluded.cursor, updated_at = now()`;
      await tx.query(statement, [object, JSON.stringify(cursor)]);
    },
    links: async (object, ids) => links('object = $1 and external_id = any($2)', [object, ids]),
    linksHere: async (kind, ids) => links('kind = $1 and local_id = any($2::uuid[])', [kind, ids]),
    linksUnseen: async (object, loadId, after, limit) =>
      links(
        `object = $1 and external_id > $3 and not parted and load_id is distinct from $2
          order by external_id limit $4`,
        [object, loadId, after, limit],
      ),
    saveLinks: async (given) => saveLinks(tx, given),
    async dropLinks(object, ids) {
      await tx.query('delete from sync_links where object = $1 and external_id = any($2)', [object, ids]);
    },
    replaceRejections: async (direction, object, ids, given) =>
      replaceRejections(tx, direction, object, ids, given),
    replaceConflicts: async (object, ids, given) => replaceConflicts(tx, object, ids, given),
    openConflicts: async (object, ids) => openConflicts(tx, object, ids),
    replaceMissing: async (object, ids, given) => replaceMissing(tx, object, ids, given),
    async resolvable(object, limit) {
      const statement = `select distinct missing.external_id from sync_missing as missing
        join sync_links as link on link.object = missing.target_object and link.external_id = missing.target_id
        where missing.object = $1 and not link.parted limit $2`;
      const rows = await tx.query<{ external_id: string }>(statement, [object, limit]);
      return rows.map((row) => row.external_id);
    },
    async changes(kind, after, limit) {
      const statement = `select local_id as id, version from sync_changes
        where kind = $1 and ($2 = '' or local_id > nullif($2, '')::uuid) order by local_id limit $3`;
      return tx.query<{ id: string; version: number }>(statement, [kind, after, limit]);
    },
    async settle(kind, changes) {
      const statement = `delete from sync_changes using jsonb_to_recordset($2) as given (id uuid, version integer)
        where kind = $1 and local_id = given.id and sync_changes.version = given.version`;
      await tx.query(statement, [kind, JSON.stringify(changes)]);
    },
  };
}

/**
 * Lists records as changed here, in the transaction that changes them, while a mapping gives their kind back; for a deleted
 * one a version beyond its last.
 */
export async function noteChanges(
  tx: Transaction,
  kind: string,
  changes: readonly LocalChange[],
): Promise<void> {
  const statement = `insert into sync_changes (kind, local_id, version)
    select $1, given.id, max(given.version) from jsonb_to_recordset($2) as given (id uuid, version integer)
    where exists (select from sync_pushed where kind = $1)
    group by given.id
    on conflict (kind, local_id) do update set version = greatest(sync_changes.version, excluded.version)`;
  await tx.query(statement, [kind, JSON.stringify(changes)]);
}

function toLink(row: LinkRow): Link {
  const { object, kind, base, kept, parted } = row;
  const [externalId, localId, loadId] = [row.external_id, row.local_id, row.load_id];
  return { object, externalId, kind, localId, stamp: row.stamp.toISOString(), base, kept, loadId, parted };
}

async function saveLinks(tx: Transaction, given: readonly Link[]): Promise<void> {
  // A statement may touch each row once: the last state of a link counts.
  const rows = [...new Map(given.map((link) => [`${link.object}/${link.externalId}`, link])).values()];
  if (rows.length === 0) return;
  const statement = `insert into sync_links (${linkColumns})
    select object, "externalId", kind, "localId", stamp, base, kept, "loadId", parted
    from jsonb_to_recordset($1) as given (object text, "externalId" text, kind text, "localId" uuid,
      stamp timestamptz, base jsonb, kept jsonb, "loadId" uuid, parted boolean)
    on conflict (object, external_id) do update set kind = excluded.kind, local_id = excluded.local_id,
      stamp = excluded.stamp, base = excluded.base, kept = excluded.kept, load_id = excluded.load_id,
      parted = excluded.parted`;
  await tx.query(statement, [JSON.stringify(rows)]);
}

async function replaceRejections(
  tx: Transaction,
  direction: Rejection['direction'],
  object: string,
  ids: readonly string[],
  given: readonly Rejection[],
): Promise<void> {
  const outdated = `delete from sync_rejections where direction = $1 and object = $2 and record_id = any($3)
    and record_id || ' ' || field <> all($4)`;
  await tx.query(outdated, [direction, object, ids, given.map(({ id, field }) => `${id} ${field}`)]);
  if (given.length === 0) return;
  const statement = `insert into sync_rejections (id, direction, object, record_id, field, reason)
    select key, direction, object, id, field, reason from jsonb_to_recordset($1)
      as given (key uuid, direction text, object text, id text, field text, reason text)
    on conflict (direction, object, record_id, field) do update
      set reason = excluded.reason, retry = false, updated_at = now()`;
  await tx.query(statement, [JSON.stringify(given.map((each) => ({ ...each, key: createId() })))]);
}

async function replaceConflicts(
  tx: Transaction,
  object: string,
  ids: readonly string[],
  given: readonly Conflict[],
): Promise<void> {
  const open = given.filter(({ resolution }) => resolution === null);
  const outdated = `delete from sync_conflicts where object = $1 and external_id = any($2) and resolution is null
    and external_id || ' ' || field <> all($3)`;
  await tx.query(outdated, [object, ids, open.map(({ externalId, field }) => `${externalId} ${field}`)]);
  if (given.length === 0) return;
  // A decision holds for the values that were seen.
  const statement = `insert into sync_conflicts
      (id, object, external_id, local_id, field, reason, local, remote, base, resolution)
    select id, object, "externalId", "localId", field, reason, local, remote, base, resolution
    from jsonb_to_recordset($1) as given (id uuid, object text, "externalId" text, "localId" uuid, field text,
      reason text, local jsonb, remote jsonb, base jsonb, resolution text)
    on conflict (object, external_id, field) where resolution is null do update set local_id = excluded.local_id,
      decision = case when (sync_conflicts.reason, sync_conflicts.local, sync_conflicts.remote)
        is distinct from (excluded.reason, excluded.local, excluded.remote) then null else sync_conflicts.decision end,
      reason = excluded.reason, local = excluded.local, remote = excluded.remote, base = excluded.base,
      updated_at = now()`;
  await tx.query(statement, [JSON.stringify(given.map((each) => ({ ...each, id: createId() })))]);
}

interface ConflictRow extends Pick<Conflict, 'object' | 'field' | 'reason'> {
  readonly external_id: string;
  readonly local_id: string;
  readonly local: FieldValue;
  readonly remote: FieldValue;
  readonly base: FieldValue;
}

async function openConflicts(tx: Transaction, object: string, ids: readonly string[]): Promise<Conflict[]> {
  const statement = `select object, external_id, local_id, field, reason, local, remote, base from sync_conflicts
    where object = $1 and external_id = any($2) and resolution is null order by id`;
  const rows = await tx.query<ConflictRow>(statement, [object, ids]);
  return rows.map(({ external_id: externalId, local_id: localId, ...row }) => ({
    ...row,
    externalId,
    localId,
    resolution: null,
  }));
}

async function replaceMissing(
  tx: Transaction,
  object: string,
  ids: readonly string[],
  given: readonly MissingReference[],
): Promise<void> {
  await tx.query('delete from sync_missing where object = $1 and external_id = any($2)', [object, ids]);
  if (given.length === 0) return;
  const statement = `insert into sync_missing (object, external_id, field, target_object, target_id)
    select object, "externalId", field, "targetObject", "targetId" from jsonb_to_recordset($1)
      as given (object text, "externalId" text, field text, "targetObject" text, "targetId" text)
    on conflict (object, external_id, field) do update
      set target_object = excluded.target_object, target_id = excluded.target_id`;
  await tx.query(statement, [JSON.stringify(given)]);
}
