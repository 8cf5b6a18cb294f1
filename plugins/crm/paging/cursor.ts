import { createHash } from 'node:crypto';
import { isId, validationFailed } from '@orchestrall/sdk';
import { resourceError } from '@orchestrall/sdk/resources';

/** One page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Give it back to read on; null at the end. */
  readonly next_cursor: string | null;
}

/** What a page is asked for by. */
export interface PageRequest {
  readonly cursor?: string | undefined;
  /** Items a page; default 50, 1 to 200. */
  readonly limit?: number | undefined;
}

/** The unique key that a list is ordered by. */
export interface PageKey<Item> {
  of(item: Item): string;
  /** Whether a text can be such a key: who knows how a cursor is made could write anything into one. */
  is(text: string): boolean;
}

/** Orders by an id. */
export function byId<Item>(of: (item: Item) => string): PageKey<Item> {
  return { of, is: isId };
}

/** Items a page where nothing else is asked for. */
export const defaultPageLimit = 50;

/** Most items a page. */
export const maxPageLimit = 200;

const checkBytes = 8;

/**
 * Writes a cursor: the ordering key of the last item, and a check that binds it to this list and these filters.
 * Since the next page begins after a key, not after a count, writes between two pages neither double nor skip an
 * item.
 */
export function writeCursor(list: string, key: string): string {
  return Buffer.concat([check(list, key), Buffer.from(key)]).toString('base64url');
}

/**
 * Reads a cursor back into the key after which the page begins.
 * Throws `CURSOR_INVALID` when it was made up or belongs to another list or other filters.
 */
export function readCursor(
  list: string,
  cursor: string | undefined,
  isKey: (text: string) => boolean,
): string | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  const key = bytes.toString('utf8', checkBytes);
  // Decoding skips what is not base64url, so only the exact spelling is accepted.
  if (writeCursor(list, key) !== cursor || !isKey(key)) throw resourceError('CURSOR_INVALID', { cursor });
  return key;
}

/**
 * Reads one page: asks for one item more than the page holds, to know whether another follows.
 * `list` names the list with its filters.
 * Throws `CURSOR_INVALID`, and `VALIDATION_FAILED` for a limit out of bounds.
 */
export async function readPage<Item>(
  list: string,
  request: PageRequest,
  key: PageKey<Item>,
  load: (after: string | undefined, limit: number) => Promise<Item[]>,
): Promise<Page<Item>> {
  const limit = request.limit ?? defaultPageLimit;
  // Routes have refused it before; a plugin that calls through the contract has not.
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPageLimit) {
    const message = `must be a whole number from 1 to ${maxPageLimit}`;
    throw validationFailed([{ path: '/limit', message }]);
  }
  const items = await load(
    readCursor(list, request.cursor, (text) => key.is(text)),
    limit + 1,
  );
  const last = items.length > limit ? items[limit - 1] : undefined;
  return {
    items: items.slice(0, limit),
    next_cursor: last === undefined ? null : writeCursor(list, key.of(last)),
  };
}

function check(list: string, key: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([list, key]))
    .digest()
    .subarray(0, checkBytes);
}
