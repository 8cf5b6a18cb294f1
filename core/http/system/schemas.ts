import Type from 'typebox';
import type { Static, TSchema, TUnsafe } from 'typebox';

/** A page of a list: its items and the cursor of the next page, null on the last one. */
export function pageOf<Item extends TSchema>(item: Item): TUnsafe<Page<Static<Item>>> {
  return Type.Unsafe<Page<Static<Item>>>(
    Type.Object({ items: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) }),
  );
}

/** A page as it is answered. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** `limit` (1 to 200, default 50) and `cursor` of a list. */
export const pageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 512 })),
};

/** RFC 3339 in UTC. */
export const instant = Type.String({ format: 'date-time' });
