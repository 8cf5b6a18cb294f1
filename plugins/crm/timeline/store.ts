import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { Queryable, Sql } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { ActivityFields } from '../activities/fields.ts';
import type { Actor } from '../contract.ts';
import type { FieldChange } from '../records/field-change.ts';
import type { Kept, RecordKind } from '../records/kind.ts';
import { selectionSql, toRecord } from '../records/store.ts';
import type { RecordRow } from '../records/store.ts';
import type { KeptContribution, TimelineSubject } from './contribution.ts';

/** An entry that stands in the table of entries. */
export interface KeptEntry {
  readonly id: string;
  readonly kind: string;
  readonly title: string | null;
  readonly text: string | null;
  readonly link: string | null;
  readonly source: string | null;
  readonly changes: Record<string, FieldChange> | null;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly occurred_at: Date;
}

/** A place in a timeline: what follows is older, or as old with a lower id. */
export interface TimelinePlace {
  readonly occurred_at: string;
  readonly id: string;
}

const selected = 'id, kind, title, text, link, source, changes, actor_id, actor_name, occurred_at';

/** The latest entries of a record behind a place. */
export function entriesOf(
  database: Queryable,
  subjectId: string,
  after: TimelinePlace | undefined,
  limit: number,
): Promise<KeptEntry[]> {
  const query = sql`select ${sql.raw(selected)} from timeline_entries
    where subject_id = ${subjectId} ${behind('timeline_entries.id', 'timeline_entries', after)}
    order by occurred_at desc, id desc limit ${limit}`;
  return database.query<KeptEntry>(toStatement(query));
}

/** The latest activities about a record behind a place, of those that are `visible`. */
export async function activitiesOf(
  kind: RecordKind<ActivityFields>,
  database: Queryable,
  subjectId: string,
  { after, visible, limit }: { after: TimelinePlace | undefined; visible: Sql | undefined; limit: number },
): Promise<Kept<ActivityFields>[]> {
  const condition = visible === undefined ? sql`` : sql`and ${visible}`;
  const query = sql`select ${selectionSql(kind)}
    from activity_records as linked join activities on activities.id = linked.activity_id
    where linked.record_id = ${subjectId} ${behind('linked.activity_id', 'linked', after)} ${condition}
    order by linked.occurred_at desc, linked.activity_id desc limit ${limit}`;
  const rows = await database.query<RecordRow<ActivityFields>>(toStatement(query));
  return rows.map((row) => toRecord<ActivityFields>(row));
}

/** Writes what a plugin contributes, unless it has the key already; gives the entry, and whether it is new. */
export async function putContribution(
  tx: Transaction,
  { subject, kind, title, text, link, occurred_at, key }: KeptContribution,
  by: Actor,
): Promise<{ readonly entry: KeptEntry; readonly created: boolean }> {
  const insertion = `insert into timeline_entries
      (id, subject_type, subject_id, kind, title, text, link, source, key, actor_id, actor_name, occurred_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $10, coalesce($11, clock_timestamp()))
    on conflict (subject_id, source, key) where key is not null do nothing returning ${selected}`;
  const values = [createId(), subject.kind, subject.id, kind, title, text, link, by.id, key, by.name];
  const [inserted] = await tx.query<KeptEntry>(insertion, [...values, occurred_at]);
  if (inserted !== undefined) return { entry: inserted, created: true };
  const selection = `select ${selected} from timeline_entries
    where subject_id = $1 and source = $2 and key = $3`;
  const [there] = await tx.query<KeptEntry>(selection, [subject.id, by.id, key]);
  if (there === undefined) throw new TypeError('an entry that was there already was not found');
  return { entry: there, created: false };
}

/** Deletes what a plugin contributed under a key; undefined when there is nothing. */
export async function deleteContribution(
  tx: Transaction,
  subject: TimelineSubject,
  source: string,
  key: string,
): Promise<KeptEntry | undefined> {
  const statement = `delete from timeline_entries
    where subject_id = $1 and source = $2 and key = $3 returning ${selected}`;
  const [entry] = await tx.query<KeptEntry>(statement, [subject.id, source, key]);
  return entry;
}

function behind(id: string, table: string, after: TimelinePlace | undefined): Sql {
  if (after === undefined) return sql``;
  return sql`and (${sql.ref(`${table}.occurred_at`)}, ${sql.ref(id)})
    < (${after.occurred_at}::timestamptz, ${after.id}::uuid)`;
}
