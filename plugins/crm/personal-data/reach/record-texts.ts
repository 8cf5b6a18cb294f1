import type { Transaction } from '@orchestrall/sdk';
import { isAppError } from '@orchestrall/sdk';
import { toStatement } from '@orchestrall/sdk/resources';
import type { JsonObject } from '@orchestrall/sdk/resources';
import { sql } from 'kysely';
import type { Actor } from '../../contract.ts';
import { fieldsOf } from '../../records/kind.ts';
import type { CommonFields, Kept, RecordKind } from '../../records/kind.ts';
import { lockRecords } from '../../records/store.ts';
import { editRecords } from '../../records/write.ts';
import type { Person } from '../person.ts';
import { mentionsSql } from './place.ts';
import type { Place, TextType } from './place.ts';

/** What came of taking a person's name out of records. */
export interface Renamed {
  readonly changed: number;
  /** Records in which the name had to stay, since without it they would break the rules of their kind. */
  readonly refused: readonly string[];
}

/** The place of a kind of records with the columns of fields that administrators have added. */
export function withCustomTexts(place: Place, { fields }: Pick<RecordKind, 'fields'>): Place {
  const texts: Record<string, TextType> = { ...place.texts };
  for (const [name, { type, column = name, derived }] of Object.entries(fields)) {
    if (derived !== undefined || texts[column] !== undefined || place.harmless?.includes(column)) continue;
    if (type === 'text' || type === 'text[]' || type === 'jsonb') texts[column] = type;
  }
  return { ...place, texts };
}

/** Ids of records after one that name a person in their texts, in order. */
export async function naming(
  tx: Pick<Transaction, 'query'>,
  place: Place,
  person: Person,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const query = sql`select id from ${sql.table(place.table)}
    where ${mentionsSql(place, person)} and (${after}::uuid is null or id > ${after}::uuid) order by id limit ${limit}`;
  return (await tx.query<{ id: string }>(toStatement(query))).map(({ id }) => id);
}

/**
 * Edits records so that their texts name a person no more, by the rules of their kind, with event, audit entry and
 * timeline. A text that no longer fits its field, as an e-mail would not, is cleared.
 */
export async function editTexts<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  ids: readonly string[],
  erase: (text: string) => string,
  by: Actor,
  adjust: (fields: JsonObject) => JsonObject = (fields) => fields,
): Promise<Renamed> {
  const refused: string[] = [];
  const edits: { before: Kept<Fields>; fields: Fields }[] = [];
  for (const before of await lockRecords(kind, tx, ids)) {
    const fields = fitting(kind, adjust(erasedFields(fieldsOf(kind, before), erase)));
    if (fields === undefined) refused.push(before.id);
    else edits.push({ before, fields });
  }
  const results = await editRecords(kind, tx, edits, by);
  for (const [index, result] of results.entries()) {
    const { before } = edits[index] ?? {};
    if (isAppError(result) && before !== undefined) refused.push(before.id);
  }
  const left = new Set(refused);
  return { changed: edits.filter(({ before }) => !left.has(before.id)).length, refused };
}

function fitting<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  given: JsonObject,
): Fields | undefined {
  const read = kind.read(given);
  if (read.faults.length === 0) return read.fields;
  const cleared = { ...given };
  for (const { path } of read.faults) {
    const [, name = ''] = path.split('/');
    if (Object.hasOwn(cleared, name)) cleared[name] = null;
  }
  const again = kind.read(cleared);
  return again.faults.length === 0 ? again.fields : undefined;
}

function erasedFields(fields: JsonObject, erase: (text: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, erasedValue(value, erase)]));
}

function erasedValue(value: unknown, erase: (text: string) => string): unknown {
  if (typeof value === 'string') return erase(value);
  if (Array.isArray(value)) return value.map((item) => erasedValue(item, erase));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, erasedValue(item, erase)]));
}
