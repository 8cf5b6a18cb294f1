import type { Transaction } from '@orchestrall/sdk';
import { searchedOf } from '../words/lexemes.ts';
import { noteWords } from '../words/vocabulary.ts';
import { fieldsOf, uniqueKeyOf } from './kind.ts';
import type { CommonFields, Kept, RecordKind } from './kind.ts';
import { selectionOf, toRecord } from './store.ts';
import type { RecordRow } from './store.ts';

/** Fields to be written under an id. */
export interface WrittenRecord<Fields> {
  readonly id: string;
  readonly fields: Fields;
  /** Of a record that is inserted; default 1. */
  readonly version?: number;
}

/** Inserts records; those whose unique key another record has are absent from the answer. */
export async function insertRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  records: readonly WrittenRecord<Fields>[],
): Promise<Kept<Fields>[]> {
  const unique = uniqueKeyOf(kind)?.column ?? 'id';
  return write(kind, tx, records, (columns, given) => {
    const names = columns.join(', ');
    // Sorted, so that two writers of the same keys wait for each other instead of deadlocking.
    return `insert into ${kind.table} (id, ${names}, search, version)
      select id, ${names}, array_to_tsvector(words), coalesce(version, 1) from ${given}
      order by ${unique} on conflict do nothing`;
  });
}

/** Writes the fields of records that are locked; each version grows by one. */
export async function updateRecords<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  records: readonly WrittenRecord<Fields>[],
): Promise<Kept<Fields>[]> {
  return write(kind, tx, records, (columns, given) => {
    const assignments = columns.map((column) => `${column} = written.${column}`);
    return `update ${kind.table}
      set ${assignments.join(', ')}, search = array_to_tsvector(written.words),
        updated_at = clock_timestamp(), version = ${kind.table}.version + 1
      from ${given} where ${kind.table}.id = written.id`;
  });
}

/** Runs a statement that writes these columns from the records given, which it reads as the table `written`. */
async function write<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  tx: Transaction,
  records: readonly WrittenRecord<Fields>[],
  statementOf: (columns: readonly string[], given: string) => string,
): Promise<Kept<Fields>[]> {
  if (records.length === 0) return [];
  const columns = columnsOf(kind);
  const statement = `${statementOf([...columns.keys()], readRows(columns))} returning ${selectionOf(kind)}`;
  const searched = records.map(({ fields }) => searchedOf(kind.fields, fieldsOf(kind, fields)));
  const written = records.map((record, index) => ({
    ...toWritten(kind, record),
    words: searched[index]?.lexemes,
  }));
  const rows = await tx.query<RecordRow<Fields>>(statement, [JSON.stringify(written)]);
  await noteWords(
    tx,
    kind.fields,
    searched.flatMap(({ words }) => words),
  );
  return rows.map((row) => toRecord<Fields>(row));
}

/** Columns that are written, with their types: those of each field, folded too where it is, and of each key. */
function columnsOf<Fields extends CommonFields>(kind: RecordKind<Fields>): Map<string, string> {
  const columns = new Map<string, string>();
  for (const [name, { type, column = name, folded, derived }] of Object.entries(kind.fields)) {
    if (derived === 'generated') continue;
    columns.set(column, type);
    if (folded !== undefined) columns.set(folded.column, 'text');
  }
  for (const { column } of [...Object.values(kind.keys), ...Object.values(kind.spellings ?? {})])
    columns.set(column, 'text');
  return columns;
}

/** Records as they are sent; `words` is what a search looks into. */
function readRows(columns: Map<string, string>): string {
  const types = [...columns].map(([column, type]) => `${column} ${type}`).join(', ');
  return `json_to_recordset($1::json) as written (id uuid, version integer, ${types}, words text[])`;
}

/** The value of each column of a record. */
function toWritten<Fields extends CommonFields>(
  kind: RecordKind<Fields>,
  { id, version, fields }: WrittenRecord<Fields>,
) {
  const values = new Map<string, unknown>([
    ['id', id],
    ['version', version ?? null],
  ]);
  for (const key of Object.values(kind.keys)) {
    const text = key.of(fields);
    values.set(key.column, text === null ? null : key.fold(text));
  }
  for (const [name, value] of Object.entries<unknown>(fields)) {
    const field = Object.hasOwn(kind.fields, name) ? kind.fields[name] : undefined;
    if (field === undefined) continue;
    const text = typeof value === 'string' ? value : undefined;
    const spelled = kind.spellings?.[name];
    if (spelled !== undefined) {
      const isValue = typeof value === 'string' || typeof value === 'number';
      values.set(spelled.column, isValue ? spelled.fold(String(value)) : null);
    }
    values.set(field.column ?? name, value);
    if (field.folded !== undefined)
      values.set(field.folded.column, text === undefined ? null : field.folded.fold(text));
  }
  return Object.fromEntries(values);
}
