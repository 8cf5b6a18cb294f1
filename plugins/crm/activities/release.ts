import type { Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { RecordKind } from '../records/kind.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { lockRecords } from '../records/store.ts';
import { editRecords, removeRecords } from '../records/write.ts';
import type { ActivityFields } from './fields.ts';
import { activitiesAbout } from './links.ts';

/**
 * Takes a locked record that is about to be deleted out of the activities about it: those about other records as well
 * stay with them, the others go with it. Throws `TOO_MANY_RECORDS`.
 */
export async function releaseActivities(
  kind: RecordKind<ActivityFields>,
  tx: Transaction,
  recordId: string,
  by: Actor,
): Promise<void> {
  const ids = await activitiesAbout(tx, recordId, maxRecordsPerRequest + 1);
  if (ids.length > maxRecordsPerRequest) {
    const records = `more than ${maxRecordsPerRequest}`;
    throw crmError('TOO_MANY_RECORDS', { records, limit: maxRecordsPerRequest });
  }
  if (ids.length === 0) return;
  const activities = await lockRecords(kind, tx, ids);
  const left = activities.map((before) => {
    const records = before.records.filter(({ id }) => id !== recordId);
    return { before, fields: { ...before, records } };
  });
  const staying = left.filter(({ fields }) => fields.records.length > 0);
  await editRecords(kind, tx, staying, by);
  const going = left.filter(({ fields }) => fields.records.length === 0);
  await removeRecords(
    kind,
    tx,
    going.map(({ before }) => before),
    by,
  );
}
