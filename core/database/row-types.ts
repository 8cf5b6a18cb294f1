import { types } from 'pg';
import { databaseError } from './errors.ts';

type Parser = (text: string) => unknown;
type TypeId = Parameters<typeof types.getTypeParser>[0];

/** Object ids of PostgreSQL's built-in types: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const int8 = 20;
const int8Array = 1016;
const date = 1082;
const dateArray = 1182;
const timestamp = 1114;
const timestampArray = 1115;

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [int8, wholeNumber],
  [int8Array, (text) => types.arrayParser(text, (entry: string) => wholeNumber(entry))],
  // A calendar date and a time without zone are no instants: the driver would move them by the local zone.
  [date, (text) => text],
  [dateArray, (text) => types.arrayParser(text, (entry: string) => entry)],
  [timestamp, (text) => text],
  [timestampArray, (text) => types.arrayParser(text, (entry: string) => entry)],
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

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw databaseError('NUMBER_TOO_LARGE');
  return value;
}
