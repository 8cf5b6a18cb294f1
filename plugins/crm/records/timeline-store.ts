import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import { idOrder, readPage } from '@orchestrall/sdk/resources';
import type { ListRequest, Page, Queryable } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Actor } from '../contract.ts';
import type { FieldChange, SubjectType, TimelineEntry } from './timeline-entry.ts';

/** An entry to be written. */
export interface NewEntry {
  readonly subject_type: SubjectType;
  readonly subject_id: string;
  readonly kind: TimelineEntry['kind'];
  readonly text?: string;
  readonly changes?: Readonly<Record<string, FieldChange>>;
}

type EntryRow = Omit<TimelineEntry, 'actor' | 'created_at'> & {
  actor_id: string | null;
  actor_name: string | null;
  created_at: Date;
};

const selected = 'id, kind, text, changes, actor_id, actor_name, created_at';

/** Writes entries, in order. */
export async function insertEntries(
  tx: Transaction,
  entries: readonly NewEntry[],
  actor: Actor,
): Promise<TimelineEntry[]> {
  const written = entries.map((entry) => ({ ...entry, id: createId() }));
  const statement = `insert into timeline_entries
      (id, subject_type, subject_id, kind, text, changes, actor_id, actor_name, created_at)
    select id, subject_type, subject_id, kind, text, changes, $2, $3, clock_timestamp()
    from json_to_recordset($1::json) as written
      (id uuid, subject_type text, subject_id uuid, kind text, text text, changes jsonb)
    returning ${selected}`;
  const rows = await tx.query<EntryRow>(statement, [JSON.stringify(written), actor.id, actor.name]);
  return rows.map(toEntry);
}

/** A page of the entries of a record, newest first. */
export async function listEntries(
  database: Queryable,
  subjectId: string,
  request: Pick<ListRequest, 'cursor' | 'limit'>,
): Promise<Page<TimelineEntry>> {
  const source = {
    table: 'timeline_entries',
    selection: sql.raw(selected),
    conditions: [sql`subject_id = ${subjectId}`],
  };
  const options = { list: `timeline of ${subjectId}`, keys: idOrder(true), ...request };
  const { items, next_cursor } = await readPage<EntryRow>(database, source, options);
  return { items: items.map(toEntry), next_cursor };
}

/** Deletes one note of a record and gives what it was; undefined when the record has no such note. */
export async function deleteNote(
  tx: Transaction,
  subjectId: string,
  noteId: string,
): Promise<{ readonly id: string; readonly text: string } | undefined> {
  const statement = `delete from timeline_entries
    where id = $1 and subject_id = $2 and kind = 'note' returning id, text`;
  const [note] = await tx.query<{ id: string; text: string }>(statement, [noteId, subjectId]);
  return note;
}

/** Deletes the timeline of a record that is being deleted. */
export async function deleteEntries(tx: Transaction, subjectId: string): Promise<void> {
  await tx.query('delete from timeline_entries where subject_id = $1', [subjectId]);
}

function toEntry(row: EntryRow): TimelineEntry {
  const { actor_id, actor_name, created_at, ...entry } = row;
  const actor = actor_id === null ? null : { id: actor_id, name: actor_name ?? actor_id };
  return { ...entry, actor, created_at: created_at.toISOString() };
}
