import { types } from 'pg';
import { databaseError } from './errors.ts';

type Parser = (text: string) => unknown;
type TypeId = Parameters<typeof types.getTypeParser>[0];

/** Object ids of PostgreSQL's built-in types: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const int8 = 20;
const int8Array = 1016;
const date = 1082;
const textArrayType: number = 1009;
const dateArray = 1182;
const timestamp = 1114;
const timestampArray = 1115;

/** Nested for arrays of more than one dimension. */
function textArray(text: string): unknown {
  const parse: Parser = types.getTypeParser(textArrayType);
  return parse(text);
}

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [int8, wholeNumber],
  [int8Array, (text) => mapEntries(textArray(text), wholeNumber)],
  // A calendar date and a time without zone are no instants: the driver would move them by the local zone.
  [date, (text) => text],
  [dateArray, textArray],
  [timestamp, (text) => text],
  [timestampArray, textArray],
]);

/**
 * How values of rows arrive: `bigint` as number (throws `NUMBER_TOO_LARGE` beyond 2^53 - 1), `numeric`,
 * `date` and `timestamp` without zone as text, `timestamptz` as Date, `json` and `jsonb` parsed.
 */
export const rowTypes = {
  getTypeParser(id: TypeId, format?: 'text' | 'binary'): Parser {
    const own = format === 'binary' ? undefined : parsers.get(id);
    if (own !== undefined) return own;
    const driver: Parser = types.getTypeParser(id, format);
    return driver;
  },
};

function mapEntries(entries: unknown, parse: Parser): unknown {
  if (Array.isArray(entries)) return entries.map((entry: unknown) => mapEntries(entry, parse));
  return typeof entries === 'string' ? parse(entries) : entries;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw databaseError('NUMBER_TOO_LARGE');
  return value;
}
