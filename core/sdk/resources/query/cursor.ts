import { createHash } from 'node:crypto';
import { resourceError } from '../errors.ts';
import { cut } from '../fields/text.ts';
import type { SortKey } from './sort.ts';
import { readValue } from './values.ts';
import type { Scalar } from './values.ts';

/** The values of an order's keys at one record, the id last. */
export type Position = readonly (Scalar | null)[];

const checkBytes = 8;

/** How much of a faulty cursor its refusal shows. */
const maxShown = 100;

/** An instant within a position. */
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

/**
 * Writes a cursor: the position of the last item, and a check that binds it to `list`, which names the list, its
 * filters, its order and its caller. Since the next page begins behind a position, not behind a count, writes between
 * two pages neither double nor skip an item.
 */
export function writeCursor(list: string, position: Position): string {
  const text = JSON.stringify(position);
  return Buffer.concat([check(list, text), Buffer.from(text)]).toString('base64url');
}

/**
 * Reads a cursor back. Throws `CURSOR_INVALID` when it was made up, or given out for another list, other filters,
 * another order or another caller. Who knows how it is made can write one: its values are held to their columns' types,
 * and a position is no way to a record that the list does not hold.
 */
export function readCursor(
  list: string,
  cursor: string | undefined,
  keys: readonly Pick<SortKey, 'column'>[],
): Position | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8', checkBytes);
  const position = parse(text);
  // Decoding skips what is not base64url, so only the exact spelling is accepted.
  const genuine = position !== undefined && writeCursor(list, position) === cursor;
  if (genuine && position.length === keys.length && keys.every((key, index) => fits(key, position[index]))) {
    return position;
  }
  throw resourceError('CURSOR_INVALID', { cursor: cut(cursor, maxShown) });
}

function fits({ column }: Pick<SortKey, 'column'>, value: Scalar | null | undefined): boolean {
  if (value === null) return column.nullable;
  // PostgreSQL reads it as it stands, to the microsecond: the many spellings that people may use are not taken here.
  if (column.type === 'timestamptz' && !(typeof value === 'string' && instant.test(value))) return false;
  return readValue(column.type, value).fault === undefined;
}

function parse(text: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isScalar) ? value : undefined;
  } catch {
    // Made up; the caller says so.
    return undefined;
  }
}

function isScalar(value: unknown): value is Scalar | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function check(list: string, text: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([list, text]))
    .digest()
    .subarray(0, checkBytes);
}
