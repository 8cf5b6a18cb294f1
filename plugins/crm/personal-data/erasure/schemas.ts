import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** What an erasure is asked for with. */
export const EraseInput = Type.Object(
  {
    preview: Type.Optional(
      Type.Boolean({ description: 'Count what would be reached and change nothing; default false.' }),
    ),
    confirm: Type.Optional(
      Type.String({
        maxLength: 1_000,
        description:
          'The e-mail of the contact, or first and last name where it has none; its id where it was deleted before.',
      }),
    ),
  },
  { title: 'EraseInput', additionalProperties: false },
);

const place = Type.String({
  description: 'A table of CRM, or `history`: events, dead letters, audit entries.',
});

/** What an erasure would reach. */
export const ErasurePreview = Type.Object(
  {
    contact_ids: Type.Array(Id, { description: 'The contact, and those that were merged into it.' }),
    places: Type.Array(
      Type.Object({
        place,
        about: Type.Integer({ description: 'Rows about the person, which go or are emptied.' }),
        mentions: Type.Integer({
          description: 'Other rows that name the person, which get a mark in its place.',
        }),
      }),
    ),
  },
  { title: 'ErasurePreview' },
);
export type ErasurePreview = Static<typeof ErasurePreview>;

/** What one place lost. */
export const ErasedPlace = Type.Object({
  place,
  removed: Type.Integer({ description: 'Rows deleted or emptied.' }),
  replaced: Type.Integer({ description: 'Rows in which `[erased]` stands now where the person was named.' }),
});
export type ErasedPlace = Static<typeof ErasedPlace>;

/** What an erasure cannot reach, and who has to. */
export const NotReached = Type.Object({ what: Type.String(), why: Type.String() });
export type NotReached = Static<typeof NotReached>;

/** An erasure and its report, in which nothing personal stands. */
export const Erasure = Type.Object(
  {
    id: Id,
    contact_ids: Type.Array(Id),
    cause: Type.Unsafe<'request' | 'retention'>({ type: 'string', enum: ['request', 'retention'] }),
    status: Type.Unsafe<'queued' | 'running' | 'completed' | 'failed'>({
      type: 'string',
      enum: ['queued', 'running', 'completed', 'failed'],
    }),
    waits_for: Nullable(
      Type.String({ description: 'Such as an import that reads a file with the person in it.' }),
    ),
    places: Type.Array(ErasedPlace),
    not_reached: Type.Array(NotReached),
    requested_by: Type.String(),
    created_at: Instant,
    finished_at: Nullable(Instant),
  },
  { title: 'Erasure' },
);
export type Erasure = Static<typeof Erasure>;
