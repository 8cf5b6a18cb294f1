import { isId } from '@orchestrall/sdk';
import type { AppError, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import { crmError } from '../errors.ts';
import type { CommonFields, RecordKind, TableName } from './kind.ts';

/** By the ids of records that were merged into others: those that are left, as far as they are `visible`. */
export async function findWinners(
  table: TableName,
  database: Queryable,
  ids: readonly string[],
  visible?: Sql,
): Promise<Map<string, string>> {
  const condition = visible === undefined ? sql`` : sql`and ${visible}`;
  const query = sql`select merged.id, merged.winner_id
    from merged_records as merged join ${sql.table(table)} on ${sql.ref(`${table}.id`)} = merged.winner_id
    where merged.id = any(${ids.filter((id) => isId(id))}::uuid[]) ${condition}`;
  const rows = await database.query<{ id: string; winner_id: string }>(toStatement(query));
  return new Map(rows.map((row) => [row.id, row.winner_id]));
}

/** Why a record is not there: `RECORD_MERGED` with the one that is left where the caller may see it, else the kind's `notFound`. */
export async function absenceOf<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  database: Queryable,
  id: string,
  visible?: Sql,
): Promise<AppError> {
  const winner = isId(id)
    ? (await findWinners(kind.table, database, [id], visible)).get(id.toLowerCase())
    : undefined;
  if (winner === undefined) return kind.notFound(id);
  return crmError('RECORD_MERGED', { kind: kind.name, id, merged_into: winner });
}

/** The ids of all records that were merged into these: an erasure has to reach what is kept under them too. */
export async function mergedInto(database: Queryable, winnerIds: readonly string[]): Promise<string[]> {
  const statement = 'select id from merged_records where winner_id = any($1::uuid[]) order by id';
  return (await database.query<{ id: string }>(statement, [winnerIds])).map(({ id }) => id);
}

/** Keeps where a record has gone, and those that had been merged into it before. */
export async function noteMerged(
  tx: Transaction,
  { name }: Pick<RecordKind, 'name'>,
  { loser, winner }: { readonly loser: string; readonly winner: string },
): Promise<void> {
  await tx.query('update merged_records set winner_id = $2 where winner_id = $1', [loser, winner]);
  await tx.query('insert into merged_records (id, kind, winner_id) values ($1, $2, $3)', [
    loser,
    name,
    winner,
  ]);
}

/** Forgets what had been merged into a record that is deleted. */
export async function forgetMerged(tx: Transaction, winnerId: string): Promise<void> {
  await tx.query('delete from merged_records where winner_id = $1', [winnerId]);
}
