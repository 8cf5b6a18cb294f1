import { Id } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** Most records that one search answers, and how many where nothing else is asked for. */
export const maxHits = 50;
export const defaultHits = 20;

/** What is asked of the search. */
export const SearchQuery = Type.Object({
  q: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'Words, e-mails, domains, phones or the beginnings of them; up to 20 words count.',
  }),
  kinds: Type.Optional(
    Type.String({ maxLength: 200, description: 'Kinds of records, separated by commas; default all.' }),
  ),
  filter: Type.Optional(
    Type.String({
      maxLength: 16_000,
      description: 'As the `filter` of a list; it names only fields that all kinds asked for have.',
    }),
  ),
  list: Type.Optional(
    Type.String({ ...Id, description: 'Only members of this list; its kind alone is searched.' }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: maxHits, description: `Records answered; default ${defaultHits}.` }),
  ),
});
export type SearchQuery = Static<typeof SearchQuery>;

const Range = Type.Object({ start: Type.Integer({ minimum: 0 }), end: Type.Integer({ minimum: 1 }) });

/** A record that was found. */
export const Hit = Type.Object(
  {
    kind: Type.String({ description: 'Kind of the record, such as `contact`.' }),
    id: Id,
    title: Type.String({ description: 'What the record is called, as far as the caller may see it.' }),
    score: Type.Number({ description: 'Greater is better; comparable within one answer only.' }),
    highlights: Type.Array(
      Type.Object({
        field: Type.String(),
        text: Type.String({ description: 'The value; of a long one the part around the first match.' }),
        ranges: Type.Array(Range, { description: 'What was found, UTF-16 units of `text`.' }),
      }),
    ),
    record: Type.Unsafe<object>({
      type: 'object',
      additionalProperties: true,
      description: 'The record as its own route answers it.',
    }),
  },
  { title: 'SearchHit' },
);
export type Hit = Static<typeof Hit>;

/** What a search answers, best first. */
export const SearchAnswer = Type.Object({
  items: Type.Array(Hit),
  more: Type.Boolean({ description: 'Whether more records were found than are answered.' }),
});
export type SearchAnswer = Static<typeof SearchAnswer>;
