import type { Transaction } from '@orchestrall/sdk';
import { maxRoleLength } from '../associations/schemas.ts';
import { subjectTypes } from '../records/kind.ts';
import type { Ends } from './ends.ts';

/** The role of an association that was there twice: both roles where they differ and there is room, else that of the kept record. */
const unitedRole = `case when associations.role is null then excluded.role
      when excluded.role is null or excluded.role = associations.role
        or length(associations.role) + length(excluded.role) + 2 > ${maxRoleLength} then associations.role
      else associations.role || ', ' || excluded.role end`;

/** Gives the associations of the loser to the winner; that of the two ends. Gives how many there were. */
export async function moveAssociations(tx: Transaction, { kind, winner, loser }: Ends): Promise<number> {
  const kinds = `array[${subjectTypes.map((name) => `'${name}'`).join(', ')}]`;
  const statement = `with gone as (
      delete from associations where first_id = $1 or second_id = $1
      returning first_kind, first_id, second_kind, second_id, role, created_at
    ), others as (
      select role, created_at,
        case when first_id = $1 then second_kind else first_kind end as kind,
        case when first_id = $1 then second_id else first_id end as id
      from gone
    ), moved as (
      select *, case when kind = $3 then $2::uuid < id
        else array_position(${kinds}, $3::text) < array_position(${kinds}, kind) end as is_second
      from others where id <> $2
    ), put as (
      insert into associations (first_kind, first_id, second_kind, second_id, role, created_at)
      select case when is_second then $3 else kind end, case when is_second then $2::uuid else id end,
        case when is_second then kind else $3 end, case when is_second then id else $2::uuid end, role, created_at
      from moved
      on conflict (first_id, second_id) do update set role = ${unitedRole},
        created_at = least(associations.created_at, excluded.created_at)
    )
    select count(*)::integer as moved from gone`;
  return countOf(await tx.query<Moved>(statement, [loser, winner, kind]));
}

/** Makes the winner a member of the lists of the loser. */
export async function moveListMembers(tx: Transaction, { winner, loser }: Ends): Promise<number> {
  const statement = `with gone as (
      delete from list_members where record_id = $1 returning list_id
    ), put as (
      insert into list_members (list_id, record_id) select list_id, $2 from gone order by list_id
      on conflict do nothing
    )
    select count(*)::integer as moved from gone`;
  return countOf(await tx.query<Moved>(statement, [loser, winner]));
}

/** Puts the entries of the loser's timeline into the winner's. Where a plugin has an entry of one key in both, the older key is free. */
export async function moveTimeline(tx: Transaction, { winner, loser }: Ends): Promise<number> {
  await tx.query(
    `update timeline_entries as entry set key = null
    where subject_id = $1 and key is not null and exists (select 1 from timeline_entries as own
      where own.subject_id = $2 and own.source = entry.source and own.key = entry.key)`,
    [loser, winner],
  );
  const rows = await tx.query(
    'update timeline_entries set subject_id = $2 where subject_id = $1 returning id',
    [loser, winner],
  );
  return rows.length;
}

/**
 * Links the winner to what the loser was in an outside system. Where it has a link already, the loser's is parted, as if
 * the loser had been deleted: two records there cannot be one here.
 */
export async function moveSyncLinks(tx: Transaction, { winner, loser }: Ends): Promise<void> {
  await tx.query(
    `update sync_links as link set local_id = $2
    where local_id = $1 and not exists (
      select 1 from sync_links as own where own.kind = link.kind and own.local_id = $2)`,
    [loser, winner],
  );
  await tx.query(
    `update sync_conflicts set local_id = $2 where local_id = $1 and exists (select 1 from sync_links as link
      where link.object = sync_conflicts.object and link.external_id = sync_conflicts.external_id and link.local_id = $2)`,
    [loser, winner],
  );
  await tx.query('delete from sync_conflicts where local_id = $1 and resolution is null', [loser]);
  await tx.query(
    `with parted as (
      update sync_links set parted = true, base = '{}', kept = '{}' where local_id = $1 and not parted
      returning object, external_id, local_id
    )
    insert into sync_conflicts (object, external_id, local_id, field, reason)
    select object, external_id, local_id, '', 'deleted_here' from parted
    on conflict (object, external_id, field) where resolution is null do nothing`,
    [loser],
  );
}

interface Moved {
  readonly moved: number;
}

function countOf([row]: readonly Moved[]): number {
  return row?.moved ?? 0;
}
