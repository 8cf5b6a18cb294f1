import { createId } from '@orchestrall/sdk';
import type { Transaction } from '@orchestrall/sdk';
import type { Actor } from '../contract.ts';
import type { FieldChange } from './field-change.ts';
import type { SubjectType } from './kind.ts';

/** An entry of a record's own history, to be written. */
export interface NewEntry {
  readonly subject_type: SubjectType;
  readonly subject_id: string;
  /** `created`, `changed`, or what a kind of record tells beside. */
  readonly kind: string;
  readonly changes?: Readonly<Record<string, FieldChange>>;
}

/** Writes entries, in order. */
export async function insertEntries(
  tx: Transaction,
  entries: readonly NewEntry[],
  actor: Actor,
): Promise<void> {
  const written = entries.map((entry) => ({ ...entry, id: createId() }));
  const statement = `insert into timeline_entries
      (id, subject_type, subject_id, kind, changes, actor_id, actor_name, occurred_at)
    select id, subject_type, subject_id, kind, changes, $2, $3, clock_timestamp()
    from json_to_recordset($1::json) as written
      (id uuid, subject_type text, subject_id uuid, kind text, changes jsonb)`;
  await tx.query(statement, [JSON.stringify(written), actor.id, actor.name]);
}

/** Deletes the timelines of records that are being deleted. */
export async function deleteEntries(tx: Transaction, subjectIds: readonly string[]): Promise<void> {
  await tx.query('delete from timeline_entries where subject_id = any($1::uuid[])', [subjectIds]);
}
