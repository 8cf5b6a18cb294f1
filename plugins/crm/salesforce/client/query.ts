import Type from 'typebox';
import type { FieldValues, RemoteRecord } from '../../provider.ts';
import type { Transport } from './transport.ts';

const Scalar = Type.Union([Type.String(), Type.Boolean(), Type.Null()]);
const QueryAnswer = Type.Object({
  done: Type.Boolean(),
  nextRecordsUrl: Type.Optional(Type.Union([Type.String({ pattern: '^/services/data/' }), Type.Null()])),
  records: Type.Array(Type.Record(Type.String(), Type.Union([Scalar, Type.Object({})]))),
});

/** A row of a query: texts, booleans and nulls, with numbers as they are written. */
export type QueryRow = Readonly<Record<string, string | boolean | null>>;

/**
 * Runs a query and follows `nextRecordsUrl` to its end, an answer at a time
 * (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm).
 */
export async function* query(transport: Transport, soql: string): AsyncGenerator<readonly QueryRow[]> {
  let answer = await transport.json({ method: 'GET', path: '/query', query: { q: soql } }, QueryAnswer);
  for (;;) {
    yield answer.records.map(scalarsOf);
    if (answer.done || answer.nextRecordsUrl === undefined || answer.nextRecordsUrl === null) return;
    answer = await transport.json({ method: 'GET', path: answer.nextRecordsUrl }, QueryAnswer);
  }
}

/** All rows of a query that is bounded by itself. */
export async function queryAll(transport: Transport, soql: string): Promise<QueryRow[]> {
  const rows: QueryRow[] = [];
  for await (const page of query(transport, soql)) rows.push(...page);
  return rows;
}

/** Leaves out `attributes` and other objects: only plain columns are asked for. */
function scalarsOf(record: Readonly<Record<string, unknown>>): QueryRow {
  const row: Record<string, string | boolean | null> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') row[name] = value;
  }
  return row;
}

/** Fields that every record is asked for beside those of its mapping. */
export const bookkeepingFields: readonly string[] = ['Id', 'SystemModstamp'];

/** A row as a record; undefined for a row without id or stamp. */
export function recordOf(row: QueryRow): RemoteRecord | undefined {
  const { Id: id, SystemModstamp: stamp, ...fields } = row;
  if (typeof id !== 'string' || typeof stamp !== 'string') return undefined;
  const instant = readInstant(stamp);
  return instant === undefined ? undefined : { id, stamp: instant, fields: fields satisfies FieldValues };
}

/**
 * An instant in UTC with milliseconds of what Salesforce writes, `2026-11-21T10:00:00.000+0000` in JSON and `...Z` in
 * CSV; undefined for other text.
 */
export function readInstant(text: string): string | undefined {
  const atMs = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}
