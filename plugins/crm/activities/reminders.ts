import { defineJob } from '@orchestrall/sdk';
import type { Job, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import Type from 'typebox';
import { activityReminderDue } from '../contract.ts';
import { toldOf } from '../records/history.ts';
import type { Kept, RecordKind } from '../records/kind.ts';
import { selectionSql, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';
import type { ActivityFields } from './fields.ts';

/** Tells the reminders that have become due. */
export const reminderJob = defineJob('remind-of-activities', Type.Object({}));

/** Reminders told in one transaction. */
const batchSize = 200;

/**
 * Creates the work of the job: each reminder that is due is told once. What was told is kept in the transaction that
 * tells it, so that neither a restart nor a second replica tells it again; a reminder that was changed meanwhile is
 * another one.
 */
export function createReminderRun(kind: RecordKind<ActivityFields>) {
  return async (job: Pick<Job, 'transaction'>): Promise<void> => {
    for (let told = batchSize; told === batchSize;) {
      told = await job.transaction(async (tx) => {
        const due = await takeDue(kind, tx);
        for (const activity of due) tx.emit(activityReminderDue, { activity }, toldOf(kind, activity));
        return due.length;
      });
    }
  };
}

/** The activities of which a reminder is due, marked as told; those that are being changed come the next time. */
async function takeDue(kind: RecordKind<ActivityFields>, tx: Transaction): Promise<Kept<ActivityFields>[]> {
  const due = sql`select ${selectionSql(kind)} from activities
    where reminder_at <= now() and reminder_at is distinct from reminded_for
      and (status is null or status = 'open')
    order by reminder_at, id limit ${batchSize} for update skip locked`;
  const rows = await tx.query<RecordRow<ActivityFields>>(toStatement(due));
  const activities = rows.map((row) => toRecord<ActivityFields>(row));
  const ids = activities.map(({ id }) => id);
  await tx.query('update activities set reminded_for = reminder_at where id = any($1::uuid[])', [ids]);
  return activities;
}
