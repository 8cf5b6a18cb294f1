import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { View } from '../records/access.ts';
import type { TableName } from '../records/kind.ts';

/** The condition under which a record of a table is a member of a static list. */
export function memberOf(listId: string, table: TableName): Sql {
  return sql`exists (select from list_members as member
    where member.list_id = ${listId} and member.record_id = ${sql.ref(`${table}.id`)})`;
}

/** Ids of records of a table that the caller sees and of which a condition holds; they stay until the transaction ends. */
export async function holdSeen(
  tx: Transaction,
  table: TableName,
  { condition: visible = sql`true` }: View,
  condition: Sql,
  limit?: number,
): Promise<string[]> {
  const bound = limit === undefined ? sql`` : sql`limit ${limit}`;
  const query = sql`select id from ${sql.table(table)} where ${condition} and ${visible}
    order by id ${bound} for key share`;
  return (await tx.query<{ id: string }>(toStatement(query))).map(({ id }) => id);
}

/** Adds members, and gives how many were none before. */
export async function addMembers(tx: Transaction, listId: string, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await tx.query(
    `insert into list_members (list_id, record_id)
     select distinct $1::uuid, id from unnest($2::uuid[]) as given (id) order by id
     on conflict do nothing returning record_id`,
    [listId, [...ids]],
  );
  return rows.length;
}

/** Takes members away that the caller sees, and gives how many they were. */
export async function removeMembers(
  tx: Transaction,
  listId: string,
  table: TableName,
  { condition: visible = sql`true` }: View,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const seen = sql`exists (select from ${sql.table(table)} where id = record_id and ${visible})`;
  const query = sql`delete from list_members
    where list_id = ${listId} and record_id = any(${[...ids]}::uuid[]) and ${seen} returning record_id`;
  return (await tx.query(toStatement(query))).length;
}
