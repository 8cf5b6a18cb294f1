import { Id, Instant, Nullable } from '@orchestrall/sdk/resources';
import Type from 'typebox';
import type { Static } from 'typebox';

/** A copy of all that is held about a person. */
export const PersonalDataExport = Type.Object(
  {
    id: Id,
    contact_id: Id,
    status: Type.Unsafe<'queued' | 'running' | 'completed' | 'failed'>({
      type: 'string',
      enum: ['queued', 'running', 'completed', 'failed'],
    }),
    reason: Nullable(Type.String({ description: 'Why it failed.' })),
    requested_by: Type.String(),
    bytes: Type.Integer({ minimum: 0 }),
    created_at: Instant,
    finished_at: Nullable(Instant),
    expires_at: Type.String({ ...Instant, description: 'When it is deleted.' }),
  },
  { title: 'PersonalDataExport' },
);
export type PersonalDataExport = Static<typeof PersonalDataExport>;

/** Where a person is known from. */
export const PersonQuery = Type.Object(
  {
    email: Type.Optional(
      Type.String({ minLength: 3, maxLength: 320, description: 'In any spelling of case.' }),
    ),
    phone: Type.Optional(
      Type.String({
        minLength: 6,
        maxLength: 50,
        description: 'Its digits are compared, however set apart.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type PersonQuery = Static<typeof PersonQuery>;

/** Contacts that have an e-mail or a phone number, or had it, and those that were merged into them. */
export const FoundPeople = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        id: Id,
        first_name: Nullable(Type.String()),
        last_name: Nullable(Type.String()),
        email: Nullable(Type.String()),
        phone: Nullable(Type.String()),
        merged_ids: Type.Array(Id),
      }),
    ),
  },
  { title: 'FoundPeople' },
);
export type FoundPeople = Static<typeof FoundPeople>;
