import { AppError, validationFailed } from '@orchestrall/sdk';
import type { Caller, Fault, Transaction } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Access, View } from './access.ts';
import { uniqueKeyOf } from './kind.ts';
import type { CommonFields, KindName, RecordKind, TableName } from './kind.ts';
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
  const fields = new Map<string, unknown>(Object.entries(change.fields));
  const before = new Map<string, unknown>(Object.entries(change.before ?? {}));
  const faults: Fault[] = [];
  for (const [field, referred] of Object.entries(kind.references)) {
    const id = fields.get(field);
    const { condition } = access.viewOf(by, referred);
    if (typeof id !== 'string' || id === before.get(field) || condition === undefined) continue;
    const table = tables[referred];
    const query = sql`select 1 from ${sql.table(table)} where ${sql.ref(`${table}.id`)} = ${id} and ${condition}`;
    if ((await tx.query(toStatement(query))).length > 0) continue;
    faults.push({
      path: `/${field}`,
      message: `must be the id of a ${referred}; no ${referred} has the id ${id}`,
    });
  }
  if (faults.length > 0) throw validationFailed(faults);
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
