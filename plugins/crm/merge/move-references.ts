import { AppError } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { sql } from 'kysely';
import type { ActivityFields } from '../activities/fields.ts';
import { activitiesAbout } from '../activities/links.ts';
import type { Actor } from '../contract.ts';
import { crmError } from '../errors.ts';
import type { CommonFields, Kept, RecordKind } from '../records/kind.ts';
import { maxRecordsPerRequest } from '../records/request-bound.ts';
import { lockRecords, lockWhere } from '../records/store.ts';
import { editRecords } from '../records/write.ts';
import type { Ends } from './ends.ts';

/** A record of some kind that refers to the loser in a field. */
interface Referring {
  readonly kind: RecordKind;
  readonly field: string;
  readonly records: readonly Kept<CommonFields>[];
}

/** Locks the records of any kind that refer to the loser; throws `TOO_MANY_RECORDS`. */
export async function lockReferring(
  kinds: readonly RecordKind[],
  tx: Transaction,
  { kind: referred, loser }: Ends,
): Promise<readonly Referring[]> {
  const found: Referring[] = [];
  let left = maxRecordsPerRequest;
  for (const kind of kinds) {
    for (const [field, name] of Object.entries(kind.references)) {
      if (name !== referred) continue;
      const column = kind.fields[field]?.column ?? field;
      const records = await lockWhere(kind, tx, sql`${sql.ref(column)} = ${loser}`, left + 1);
      left -= records.length;
      if (left < 0) throw tooMany();
      if (records.length > 0) found.push({ kind, field, records });
    }
  }
  return found;
}

/** Lets them refer to the winner. Throws what one of them is refused for. */
export async function moveReferences(
  tx: Transaction,
  referring: readonly Referring[],
  { winner, loser }: Ends,
  by: Actor,
): Promise<number> {
  let moved = 0;
  for (const { kind, field, records } of referring) {
    const edits = records.flatMap((before) =>
      // The two themselves refer to each other no more.
      before.id === winner || before.id === loser ? [] : [{ before, fields: { ...before, [field]: winner } }],
    );
    throwRefusals(await editRecords(kind, tx, edits, by));
    moved += edits.length;
  }
  return moved;
}

/** Lets activities be about the winner; one about both is about it once. Throws `TOO_MANY_RECORDS`. */
export async function moveActivities(
  kind: RecordKind<ActivityFields>,
  tx: Transaction,
  { winner, loser }: Ends,
  by: Actor,
): Promise<number> {
  const ids = await activitiesAbout(tx, loser, maxRecordsPerRequest + 1);
  if (ids.length > maxRecordsPerRequest) throw tooMany();
  if (ids.length === 0) return 0;
  const activities = await lockRecords(kind, tx, ids);
  const edits = activities.map((before) => {
    const own = before.records.find(({ id }) => id === winner);
    const records = before.records.flatMap((link) => {
      if (link.id === winner && before.records.some(({ id }) => id === loser)) return [];
      return link.id === loser ? [{ ...link, id: winner, role: own?.role ?? link.role }] : [link];
    });
    return { before, fields: { ...before, records } };
  });
  throwRefusals(await editRecords(kind, tx, edits, by));
  return edits.length;
}

function throwRefusals(results: readonly object[]): void {
  for (const result of results) if (result instanceof AppError) throw result;
}

function tooMany(): AppError {
  const records = `more than ${maxRecordsPerRequest}`;
  return crmError('TOO_MANY_RECORDS', { records, limit: maxRecordsPerRequest });
}
