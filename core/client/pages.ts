/** One page of a list. */
interface Page {
  readonly items: readonly unknown[];
  readonly next_cursor: string | null;
}

/** Every item of every page; `list` gives the page of a cursor, the first one without. */
export async function* itemsOf(list: (cursor: string | undefined) => Promise<unknown>): AsyncGenerator {
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    if (!isPage(page)) throw new TypeError('The answer is no page: it has no items, or no next_cursor.');
    yield* page.items;
    if (page.next_cursor === cursor) throw new Error('The list gives the same page again.');
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

function isPage(value: unknown): value is Page {
  return (
    typeof value === 'object' &&
    value !== null &&
    'items' in value &&
    Array.isArray(value.items) &&
    'next_cursor' in value &&
    (value.next_cursor === null || typeof value.next_cursor === 'string')
  );
}
