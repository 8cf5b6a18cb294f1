import { idPattern } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { maxPageLimit } from '../paging/cursor.ts';
import { maxTagLength, maxTags } from './tag.ts';

/** Id of a record: UUIDv7 as text. */
export const Id = Type.String({
  pattern: idPattern,
  description: 'Id, a UUID.',
  examples: ['01890a5d-ac96-774b-bcce-b302099a8057'],
});

/** Instant: RFC 3339, UTC, milliseconds. */
export const Instant = Type.String({ format: 'date-time', examples: ['2026-11-20T08:30:00.000Z'] });

/** A schema that also takes null; of one type with two names, since the faults of a union say less. */
export function Nullable<Schema extends TSchema & { readonly type: string }>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: [schema.type, 'null'] });
}

/** Tags of a record; lower case, sorted. */
export const Tags = Type.Array(Type.String({ minLength: 1, maxLength: maxTagLength }), { maxItems: maxTags });

/** What the appliance keeps of every record, after its fields. */
export const bookkeeping = {
  created_at: Instant,
  updated_at: Instant,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; also the ETag.' }),
};

/** The page after a cursor. */
export const pageQuery = {
  cursor: Type.Optional(
    Type.String({
      maxLength: 400,
      description: 'The `next_cursor` of the page before, with the same filters.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: maxPageLimit, description: 'Items a page; default 50.' }),
  ),
};

/** A page of items. */
export function PageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ items: Type.Array(item), next_cursor: Nullable(Type.String()) });
}

/** What every list of records is searched by; `searched` names the fields that `q` looks into. */
export function searchQuery(searched: string) {
  const description = `Each word must begin a word of the ${searched}; case and accents do not matter.`;
  return {
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description })),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: maxTagLength })),
  };
}
