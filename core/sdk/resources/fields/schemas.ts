import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { idPattern } from '../../id.ts';

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

/** What the appliance keeps of every record, after its fields. */
export const bookkeeping = {
  created_at: Instant,
  updated_at: Instant,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; also the ETag.' }),
};

/** What the appliance keeps of a record beside its fields. */
export type Bookkeeping = { readonly id: string } & {
  [Name in keyof typeof bookkeeping]: Static<(typeof bookkeeping)[Name]>;
};

/** A record as it is kept and answered. */
export type Kept<Fields> = Fields & Bookkeeping;
