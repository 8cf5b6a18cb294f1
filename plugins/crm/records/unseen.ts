import { AppError, validationFailed } from '@orchestrall/sdk';
import type { Caller, Fault, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access, View } from './access.ts';
import { uniqueKeyOf } from './kind.ts';
import type { CommonFields, KindName, RecordKind, Reference, TableName } from './kind.ts';
import { findWinners } from './merged.ts';
import { findRecord } from './store.ts';

/** Where the records of each kind stand. */
export type TablesByKind = Readonly<Record<KindName, TableName>>;

/**
 * Refuses new references to records that the caller does not see, with the words for those that are not there: else
 * a change would tell that there is one.
 */
export async function refuseUnseenReferences<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  change: { readonly fields: Fields; readonly before?: Fields },
  by: Caller,
  access: Access,
  tables: TablesByKind,
): Promise<void> {
  const before = new Set(change.before === undefined ? [] : referencesOf(kind, change.before).map(identity));
  const added = referencesOf(kind, change.fields).filter((reference) => !before.has(identity(reference)));
  const faults: Fault[] = [];
  for (const [referred, references] of Map.groupBy(added, (reference) => reference.kind)) {
    const { condition } = access.viewOf(by, referred);
    if (condition === undefined) continue;
    const table = tables[referred];
    const ids = references.map(({ id }) => id);
    const query = sql`select id from ${sql.table(table)}
      where ${sql.ref(`${table}.id`)} = any(${ids}::uuid[]) and ${condition}`;
    const seen = new Set((await tx.query<{ id: string }>(toStatement(query))).map(({ id }) => id));
    const unseen = references.filter(({ id }) => !seen.has(id));
    if (unseen.length === 0) continue;
    const winners = await findWinners(
      table,
      tx,
      unseen.map(({ id }) => id),
      condition,
    );
    for (const { path, id } of unseen)
      faults.push(withWinner(noSuchRecord(path, referred, id), winners.get(id)));
  }
  if (faults.length > 0) throw validationFailed(faults);
}

/** The fault of a reference to a record that is not there. */
export function noSuchRecord(path: string, kind: KindName, id: string): Fault {
  return { path, message: `must be the id of a ${kind}; no ${kind} has the id ${id}` };
}

/** A fault of a reference with what it should be, where its record was merged into another one. */
export function withWinner({ path, message }: Fault, winner: string | undefined): Fault {
  return { path, message: winner === undefined ? message : `${message}, which was merged into ${winner}` };
}

/** The records that fields refer to. */
export function referencesOf<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  fields: Fields,
): Reference[] {
  const values = new Map<string, unknown>(Object.entries(fields));
  const single = Object.entries(kind.references).flatMap(([field, referred]): Reference[] => {
    const id = values.get(field);
    return typeof id === 'string' ? [{ kind: referred, id, path: `/${field}` }] : [];
  });
  return [...single, ...(kind.refersTo?.(fields) ?? [])];
}

/** A reference that stays in its field is not a new one, wherever it moves within a list. */
function identity({ kind, id, path }: Reference): string {
  return `${path.split('/')[1]} ${kind} ${id}`;
}

/** What a change was refused for, without the id of a record that the caller does not see. */
export async function withoutUnseen<Fields extends CommonFields, Result>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  fields: Fields,
  { condition }: View,
  result: Result,
): Promise<Result | AppError> {
  if (condition === undefined || !(result instanceof AppError) || result.status !== 409) return result;
  const { id, field } = result.details;
  const key = (typeof field === 'string' ? kind.keys[field] : undefined) ?? uniqueKeyOf(kind);
  if (typeof id !== 'string' || key?.taken === undefined) return result;
  const holder = await findRecord(kind, tx, id, condition);
  return holder === undefined ? key.taken(key.of(fields) ?? '', undefined) : result;
}
