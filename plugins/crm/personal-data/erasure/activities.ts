import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Actor } from '../../contract.ts';
import { deleteRecords } from '../../records/store.ts';
import { activitiesOnlyAbout } from '../find-person.ts';
import { eraserOf } from '../pattern.ts';
import { editTexts } from '../reach/record-texts.ts';
import type { EraseRun } from './run.ts';

/** Activities that one transaction takes. */
const batch = 500;

/** Who erases, as timelines and audit entries name it. */
export const eraser: Actor = { id: 'crm', name: 'Erasure' };

/** Activities about the person alone go without a word; others stay without the person. */
export async function eraseActivities(run: EraseRun): Promise<void> {
  while ((await deleteSome(run)) > 0) run.signal.throwIfAborted();
  while ((await leaveSome(run)) > 0) run.signal.throwIfAborted();
}

async function deleteSome({ kinds, person, change }: EraseRun): Promise<number> {
  let removed = 0;
  await change(async (tx) => {
    const own = (await activitiesOnlyAbout(tx, person.ids)).slice(0, batch);
    removed = own.length;
    await deleteRecords(kinds.activities, tx, own);
    return { erased: [{ place: kinds.activities.table, removed, replaced: 0 }] };
  });
  return removed;
}

/** Gives how many activities the person left. */
async function leaveSome({ kinds, person, change }: EraseRun): Promise<number> {
  let left = 0;
  await change(async (tx) => {
    const query = sql`select distinct activity_id as id from activity_records
      where record_id = any(${[...person.ids]}::uuid[]) limit ${batch}`;
    const shared = (await tx.query<{ id: string }>(toStatement(query))).map(({ id }) => id);
    const { changed, refused } = await editTexts(
      kinds.activities,
      tx,
      shared,
      eraserOf(person),
      eraser,
      (fields) => ({ ...fields, records: without(fields['records'], person.ids) }),
    );
    // One that its rules keep as it is would be met again and again: its link goes, at least.
    await tx.query(
      'delete from activity_records where activity_id = any($1::uuid[]) and record_id = any($2::uuid[])',
      [refused, person.ids],
    );
    left = shared.length;
    return { erased: [{ place: kinds.activities.table, removed: 0, replaced: changed }] };
  });
  return left;
}

function without(records: unknown, ids: readonly string[]): unknown {
  if (!Array.isArray(records)) return records;
  return records.filter((link: unknown) => {
    const id = typeof link === 'object' && link !== null && 'id' in link ? link.id : undefined;
    return typeof id !== 'string' || !ids.includes(id);
  });
}
