import type { Transaction } from '@orchestrall/sdk';
import type { Kept, Recorded } from '../records/kind.ts';
import type { ActivityFields } from './fields.ts';

/**
 * Keeps `activity_records`, by which activities are found from a record in the order of time, equal to what these
 * activities say.
 */
export async function writeLinks(
  tx: Transaction,
  written: readonly Recorded<ActivityFields>[],
): Promise<void> {
  const moved = written.filter(({ before, after }) => before === undefined || isMoved(before, after));
  const replaced = moved.flatMap(({ before, after }) => (before === undefined ? [] : [after.id]));
  if (replaced.length > 0) {
    await tx.query('delete from activity_records where activity_id = any($1::uuid[])', [replaced]);
  }
  const ids = moved.flatMap(({ after }) => (after.records.length === 0 ? [] : [after.id]));
  if (ids.length === 0) return;
  const statement = `insert into activity_records (activity_id, record_id, occurred_at)
    select activities.id, linked.id, occurred_at
    from activities, jsonb_to_recordset(records) as linked(id uuid)
    where activities.id = any($1::uuid[])`;
  await tx.query(statement, [ids]);
}

/** Ids of up to `limit` activities about a record. */
export async function activitiesAbout(tx: Transaction, recordId: string, limit: number): Promise<string[]> {
  const statement = 'select activity_id from activity_records where record_id = $1 limit $2';
  const rows = await tx.query<{ activity_id: string }>(statement, [recordId, limit]);
  return rows.map((row) => row.activity_id);
}

function isMoved(before: Kept<ActivityFields>, after: Kept<ActivityFields>): boolean {
  return placeOf(before) !== placeOf(after);
}

/** Under which records an activity is found, and where among theirs. */
function placeOf({ occurred_at, records }: Kept<ActivityFields>): string {
  return [occurred_at, ...records.map(({ id }) => id).toSorted()].join(' ');
}
